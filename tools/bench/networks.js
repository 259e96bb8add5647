// Texts of the networks that speed is measured with: the shapes of known networks, batch normalisation folded away.

const HEAD = (size) => `input x 3x${size}x${size}\nmean 0.5 0.5 0.5\nstd 0.25 0.25 0.25\nchannels RGB\n`

/** Collects lines; every method adds one node and gives its name. */
class Text {
  constructor(size) {
    this.lines = [HEAD(size)]
    this.count = 0
  }
  add(words) {
    const name = `n${++this.count}`
    this.lines.push(`${name} = ${words}`)
    return name
  }
  conv(x, out, kernel, { stride = 1, pad = kernel >> 1, groups = 1, relu = true } = {}) {
    const y = this.add(`conv ${x} ${out} ${kernel}x${kernel} stride ${stride} pad ${pad} groups ${groups}`)
    return relu ? this.add(`relu ${y}`) : y
  }
  pool(x, kernel = 2, pad = 0) {
    return this.add(`maxpool ${x} ${kernel}x${kernel} stride 2 pad ${pad}`)
  }
  end(x, classes) {
    this.add(`dense ${this.add(`flatten ${this.add(`globalavgpool ${x}`)}`)} ${classes}`)
    return this.lines.join('\n') + '\n'
  }
}

function vggLike() {
  const t = new Text(64)
  let x = 'x'
  for (const channels of [64, 128, 256]) x = t.pool(t.conv(t.conv(x, channels, 3), channels, 3))
  return t.end(t.conv(t.conv(x, 256, 3), 256, 3), 10)
}

/** He et al. 2016. */
function resnet18() {
  const t = new Text(224)
  let x = t.pool(t.conv('x', 64, 7, { stride: 2 }), 3, 1)
  for (const [stage, channels] of [64, 128, 256, 512].entries())
    for (const block of [0, 1]) {
      const stride = stage && !block ? 2 : 1
      const way = t.conv(t.conv(x, channels, 3, { stride }), channels, 3, { relu: false })
      const past = stride === 1 ? x : t.conv(x, channels, 1, { stride, relu: false })
      x = t.add(`relu ${t.add(`add ${way} ${past}`)}`)
    }
  return t.end(x, 1000)
}

/** Iandola et al. 2016, version 1.1. */
function squeezenet() {
  const t = new Text(224)
  const fire = (x, few, many) => {
    const s = t.conv(x, few, 1)
    return t.add(`concat ${t.conv(s, many, 1)} ${t.conv(s, many, 3)}`)
  }
  let x = t.pool(t.conv('x', 64, 3, { stride: 2, pad: 0 }), 3)
  x = t.pool(fire(fire(x, 16, 64), 16, 64), 3)
  x = t.pool(fire(fire(x, 32, 128), 32, 128), 3)
  x = fire(fire(fire(fire(x, 48, 192), 48, 192), 64, 256), 64, 256)
  const maps = t.conv(x, 1000, 1)
  t.add(`flatten ${t.add(`globalavgpool ${maps}`)}`)
  return t.lines.join('\n') + '\n'
}

/** Sandler et al. 2018. */
function mobilenetV2() {
  const t = new Text(224)
  const bent = (x) => t.add(`clip ${x} 0 6`)
  const conv = (x, out, kernel, options) => bent(t.conv(x, out, kernel, { ...options, relu: false }))
  let x = conv('x', 32, 3, { stride: 2 })
  let channels = 32
  for (const [widen, out, times, first] of [[1, 16, 1, 1], [6, 24, 2, 2], [6, 32, 3, 2], [6, 64, 4, 2], [6, 96, 3, 1], [6, 160, 3, 2], [6, 320, 1, 1]])
    for (let i = 0; i < times; i++) {
      const stride = i ? 1 : first
      const wide = channels * widen
      let way = widen === 1 ? x : conv(x, wide, 1)
      way = t.conv(conv(way, wide, 3, { stride, groups: wide }), out, 1, { relu: false })
      x = stride === 1 && channels === out ? t.add(`add ${x} ${way}`) : way
      channels = out
    }
  return t.end(conv(x, 1280, 1), 1000)
}

/** Wang et al. 2020, as models/tiny-vgg.net.txt without dropout and softmax. */
function tinyVgg() {
  const t = new Text(64)
  let x = 'x'
  for (const _ of [1, 2]) x = t.pool(t.conv(t.conv(x, 10, 3, { pad: 0 }), 10, 3, { pad: 0 }))
  t.add(`dense ${t.add(`flatten ${x}`)} 10`)
  return t.lines.join('\n') + '\n'
}

/** The text of each network, by the name it has in the report. */
export const networks = { 'Tiny VGG': tinyVgg, 'VGG-like': vggLike, 'ResNet-18': resnet18, 'SqueezeNet 1.1': squeezenet, MobileNetV2: mobilenetV2 }
