// A network as a function of TensorFlow.js, made from what the module says of it. Channels last there, and kernels as height,
// width, in, out; everything constant is turned once, beforehand.

/**
 * @param {any} tf
 * @param {import('../../wasm/types.js').ModelInfo} info
 * @param {(id: number) => { data: Float32Array, shape: number[] }} constant
 * @returns {(x: any) => any} from N×H×W×C to the scores, N×classes
 */
export function tfjsGraph(tf, info, constant) {
  const { values } = info
  const tensor = (id) => {
    const { data, shape } = constant(id)
    return tf.tensor(data, shape)
  }
  const steps = []
  for (const node of info.nodes) {
    const build = BUILD[node.op]
    if (!build) throw new Error(`${node.op} is not among the operators that are measured`)
    steps.push({ node, run: tf.tidy(() => build(tf, node, values, tensor)) })
  }
  return (x) => {
    const known = new Map([[info.input.id, x]])
    for (const { node, run } of steps) known.set(node.output, run(...node.inputs.map((id) => known.get(id))))
    return known.get(info.scores)
  }
}

const ints = (node, name, otherwise) => node.attributes[name] ?? otherwise
const padded = (tf, x, [top, left, bottom, right], value = 0) =>
  top || left || bottom || right ? tf.pad(x, [[0, 0], [top, bottom], [left, right], [0, 0]], value) : x

// Equal padding goes into the operation itself, as a user would write it.
const even = (pads) => (pads.every((n) => n === pads[0]) ? pads[0] : null)

const BUILD = {
  Conv(tf, node, values, tensor) {
    const [, w, b] = node.inputs
    const group = ints(node, 'group', 1)
    const strides = ints(node, 'strides', [1, 1])
    const pads = ints(node, 'pads', [0, 0, 0, 0])
    const kernel = tf.keep(tf.transpose(tensor(w), group > 1 ? [2, 3, 0, 1] : [2, 3, 1, 0]))
    const bias = b >= 0 ? tf.keep(tensor(b)) : null
    const same = even(pads)
    const convolve = group > 1 ? tf.depthwiseConv2d : tf.conv2d
    return (x) => {
      const y = same === null ? convolve(padded(tf, x, pads), kernel, strides, 'valid') : convolve(x, kernel, strides, same, 'NHWC', [1, 1], 'floor')
      return bias ? tf.add(y, bias) : y
    }
  },
  Relu: (tf) => (x) => tf.relu(x),
  Clip: (tf) => (x) => tf.relu6(x),
  Add: (tf) => (a, b) => tf.add(a, b),
  Concat: (tf) => (...all) => tf.concat(all, 3),
  MaxPool(tf, node) {
    const kernel = ints(node, 'kernel_shape')
    const strides = ints(node, 'strides', [1, 1])
    const same = even(ints(node, 'pads', [0, 0, 0, 0]))
    return (x) => tf.maxPool(x, kernel, strides, same, 'floor')
  },
  GlobalAveragePool: (tf) => (x) => tf.mean(x, [1, 2], true),
  Flatten: (tf) => (x) => tf.reshape(x.shape[1] * x.shape[2] > 1 ? tf.transpose(x, [0, 3, 1, 2]) : x, [x.shape[0], -1]),
  Gemm(tf, node, values, tensor) {
    const [, w, b] = node.inputs
    const kernel = tf.keep(tensor(w))
    const bias = tf.keep(tensor(b))
    const turned = Boolean(ints(node, 'transB', 0))
    return (x) => tf.add(tf.matMul(x, kernel, false, turned), bias)
  },
}
