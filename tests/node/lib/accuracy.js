// How often a network is right by ONNX Runtime: the bytes of its file, run by somebody else on the inputs that the core makes
// of pictures.
import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { openOrt } from './ort.js'

export const FASHION = process.env.FASHION || '/usr/share/datasets/fashion-mnist'

/** The 10,000 test pictures of Fashion-MNIST: RGBA pixels and labels. */
export function* fashionTest() {
  const unpacked = (name) => gunzipSync(readFileSync(join(FASHION, name)))
  const images = unpacked('t10k-images-idx3-ubyte.gz').subarray(16)
  const labels = unpacked('t10k-labels-idx1-ubyte.gz').subarray(8)
  const pixels = new Uint8Array(784 * 4).fill(255)
  for (const [i, label] of labels.entries()) {
    for (let k = 0; k < 784; k++) pixels.fill(images[784 * i + k], 4 * k, 4 * k + 3)
    yield { picture: { width: 28, height: 28, pixels }, label }
  }
}

/** The validation pictures of Tiny ImageNet in BACKLIGHT_TINY_IMAGENET/val.tar, of the classes the network knows. */
export function* tinyImagenetVal(info) {
  const folder = process.env.BACKLIGHT_TINY_IMAGENET
  const classes = Object.fromEntries(readFileSync(join(folder, 'classes.tsv'), 'utf8').trim().split('\n').slice(1).map((row) => row.split('\t')).map(([wnid, , name]) => [wnid, name]))
  const place = new Map(info.labels.map((label, i) => [label, i]))
  const tar = existsSync(join(folder, 'val.tar')) ? readFileSync(join(folder, 'val.tar')) : Buffer.alloc(0)
  for (let at = 0; at < tar.length && tar[at]; ) {
    const [, wnid] = tar.toString('latin1', at, tar.indexOf(0, at)).split('/')
    const size = parseInt(tar.toString('latin1', at + 124, at + 135), 8)
    const label = place.get(classes[wnid])
    if (label !== undefined) yield { file: tar.subarray(at + 512, at + 512 + size), label }
    at += 512 + 512 * Math.ceil(size / 512)
  }
}

/** @returns {Promise<{right: number, all: number}>} */
export async function rightByOrt(bytes, core, model, pictures) {
  const session = await openOrt(bytes)
  const view = model.view()
  let [right, all] = [0, 0]
  for (const { picture, file, label } of pictures) {
    view.forward(picture ?? core.decode(file))
    const { data, shape } = view.value(model.info.input.id)
    const { data: scores } = await session.run(shape, data)
    all++
    if (scores.indexOf(Math.max(...scores)) === label) right++
  }
  view.close()
  await session.close()
  return { right, all }
}
