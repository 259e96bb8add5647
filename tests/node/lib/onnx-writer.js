// A small writer of ONNX files for the tests, made from ONNX's onnx.proto and protobuf's encoding, and from nothing
// of Backlight: what it writes is read by Backlight and by ONNX Runtime alike.

/** Bytes of one protobuf message, appended field by field. */
export class Message {
  #bytes = []
  raw(bytes) {
    for (const b of bytes) this.#bytes.push(b)
    return this
  }
  /** A varint; negative numbers take ten bytes, as protobuf's int64 does. */
  number(value) {
    let v = BigInt.asUintN(64, BigInt(value))
    do {
      this.#bytes.push(Number(v & 127n) | (v > 127n ? 128 : 0))
      v >>= 7n
    } while (v)
    return this
  }
  tag(field, wire) {
    return this.number(field * 8 + wire)
  }
  int(field, value) {
    return this.tag(field, 0).number(value)
  }
  float(field, value) {
    return this.tag(field, 5).raw(new Uint8Array(new Float32Array([value]).buffer))
  }
  bytes(field, bytes) {
    return this.tag(field, 2).number(bytes.length).raw(bytes)
  }
  text(field, text) {
    return this.bytes(field, new TextEncoder().encode(text))
  }
  message(field, message) {
    return this.bytes(field, message.done())
  }
  done() {
    return Uint8Array.from(this.#bytes)
  }
}

export const types = { float: 1, uint8: 2, int8: 3, int32: 6, int64: 7, string: 8, bool: 9, float16: 10, double: 11, bfloat16: 16 }

/** The bits of a number as float16, rounded to nearest even. */
export function half(value) {
  const f = Math.fround(value)
  const sign = f < 0 || Object.is(f, -0) ? 0x8000 : 0
  const a = Math.abs(f)
  if (Number.isNaN(a)) return 0x7e00
  if (a >= 65520) return sign | 0x7c00
  const exponent = Math.max(a === 0 ? -14 : Math.floor(Math.log2(a)), -14)
  const units = a / 2 ** (exponent - 10) // 1024…2048 when normal
  let n = Math.floor(units)
  if (units - n > 0.5 || (units - n === 0.5 && n % 2)) n++
  return sign | (exponent === -14 && n < 1024 ? n : (exponent + 15 - 1) * 1024 + n)
}

function rawBytes(type, data) {
  const list = Array.from(data)
  switch (type) {
    case 'float': return new Uint8Array(Float32Array.from(list).buffer)
    case 'double': return new Uint8Array(Float64Array.from(list).buffer)
    case 'float16': return new Uint8Array(Uint16Array.from(list, half).buffer)
    case 'bfloat16': return new Uint8Array(Uint16Array.from(list, (v) => new Uint32Array(new Float32Array([v]).buffer)[0] >>> 16).buffer)
    case 'int32': return new Uint8Array(Int32Array.from(list).buffer)
    case 'int64': return new Uint8Array(BigInt64Array.from(list, BigInt).buffer)
    case 'uint8': case 'bool': return Uint8Array.from(list)
    case 'int8': return new Uint8Array(Int8Array.from(list).buffer)
    default: throw new Error(`no raw form of ${type}`)
  }
}

/**
 * A TensorProto. storage: 'raw' (raw_data), 'packed' or 'unpacked' (typed fields).
 * @param {{name?: string, shape: number[], data: Iterable<number>, type?: string, storage?: string}} tensor
 */
export function tensor({ name, shape, data, type = 'float', storage = 'raw' }) {
  const m = new Message()
  if (shape.length) {
    const dims = new Message()
    shape.forEach((d) => dims.number(d))
    m.bytes(1, dims.done())
  }
  m.int(2, types[type])
  if (name !== undefined) m.text(8, name)
  if (storage === 'raw') return m.bytes(9, rawBytes(type, data))
  const field = { float: 4, double: 10, int64: 7 }[type] ?? 5
  const packed = new Message()
  for (const value of data) {
    const one = new Message()
    if (type === 'float') one.raw(new Uint8Array(new Float32Array([value]).buffer))
    else if (type === 'double') one.raw(new Uint8Array(new Float64Array([value]).buffer))
    else one.number(type === 'float16' || type === 'bfloat16' ? new Uint16Array(rawBytes(type, [value]).buffer)[0] : value)
    if (storage === 'packed') packed.raw(one.done())
    else m.tag(field, type === 'float' ? 5 : type === 'double' ? 1 : 0).raw(one.done())
  }
  return storage === 'packed' ? m.bytes(field, packed.done()) : m
}

/** An attribute that is a float, though it may look like an integer. */
export const f = (value) => ({ f: value })

function attribute(name, value) {
  const m = new Message().text(1, name)
  if (typeof value === 'string') return m.text(4, value).int(20, 3)
  if (typeof value === 'number') return m.int(3, value).int(20, 2)
  if (Array.isArray(value)) {
    value.forEach((v) => m.int(8, v))
    return m.int(20, 7)
  }
  if ('f' in value) return m.float(2, value.f).int(20, 1)
  if ('floats' in value) {
    value.floats.forEach((v) => m.float(7, v))
    return m.int(20, 6)
  }
  if ('tensor' in value) return m.message(5, tensor(value.tensor)).int(20, 4)
  if ('graph' in value) return m.message(6, value.graph).int(20, 5)
  if ('strings' in value) {
    value.strings.forEach((v) => m.text(9, v))
    return m.int(20, 8)
  }
  throw new Error(`attribute ${name}: what is ${JSON.stringify(value)}?`)
}

/** A ValueInfoProto; dimensions are numbers, names, or null (nothing is said). shape null: no shape at all. */
function valueInfo(name, shape, type) {
  const t = new Message().int(1, types[type])
  if (shape) {
    const dims = new Message()
    for (const d of shape) {
      const one = new Message()
      if (typeof d === 'number') one.int(1, d)
      else if (d) one.text(2, d)
      dims.message(1, one)
    }
    t.message(2, dims)
  }
  return new Message().text(1, name).message(2, new Message().message(1, t))
}

/** One network: nodes in the order they are added. Every method that makes a value returns its name. */
export class Graph {
  #nodes = []
  #weights = []
  #inputs = []
  #outputs = []
  #count = 0
  constructor({ opset = 17, ir = 8 } = {}) {
    this.opset = opset
    this.ir = ir
    this.metadata = {}
  }
  fresh(base) {
    return `${base}_${this.#count++}`
  }
  input(name, shape, type = 'float') {
    this.#inputs.push(valueInfo(name, shape, type))
    return name
  }
  output(name, shape = null, type = 'float') {
    this.#outputs.push(valueInfo(name, shape, type))
    return name
  }
  /** An initialiser. also: 'input' lists it among the inputs too; 'constant' writes a Constant node instead. */
  weight(shape, data, { name = this.fresh('w'), type = 'float', storage = 'raw', also } = {}) {
    if (also === 'constant') return this.node('Constant', [], { value: { tensor: { shape, data, type, storage } } }, { outputs: [name] })
    this.#weights.push(tensor({ name, shape, data, type, storage }))
    if (also === 'input') this.#inputs.push(valueInfo(name, shape, type))
    return name
  }
  ints(list, options = {}) {
    return this.weight([list.length], list, { type: 'int64', ...options })
  }
  scalar(value, options = {}) {
    return this.weight([], [value], options)
  }
  node(op, inputs, attributes = {}, { name, outputs = [this.fresh(op.toLowerCase())], domain } = {}) {
    const m = new Message()
    inputs.forEach((i) => m.text(1, i))
    outputs.forEach((o) => m.text(2, o))
    if (name) m.text(3, name)
    m.text(4, op)
    for (const [key, value] of Object.entries(attributes)) if (value !== undefined) m.message(5, attribute(key, value))
    if (domain) m.text(7, domain)
    this.#nodes.push(m)
    return outputs[0]
  }
  /** A field of GraphProto as it stands, for what the methods above do not know. */
  extra(field, message) {
    this.#weights.push({ field, message })
    return this
  }
  graph() {
    const g = new Message()
    this.#nodes.forEach((n) => g.message(1, n))
    g.text(2, 'test')
    this.#weights.forEach((w) => ('field' in w ? g.message(w.field, w.message) : g.message(5, w)))
    this.#inputs.forEach((i) => g.message(11, i))
    this.#outputs.forEach((o) => g.message(12, o))
    return g
  }
  bytes() {
    const m = new Message().int(1, this.ir).text(2, 'test').message(7, this.graph())
    m.message(8, new Message().text(1, '').int(2, this.opset))
    for (const [key, value] of Object.entries(this.metadata)) m.message(14, new Message().text(1, key).text(2, value))
    return m.done()
  }
}
