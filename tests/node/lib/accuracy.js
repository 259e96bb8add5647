// How often a network is right by ONNX Runtime: the bytes of its file, run by somebody else.
import { openOrt } from './ort.js'

/**
 * @param {Uint8Array} bytes of the network's file
 * @param {{channels: number, height: number, width: number, mean: number[], std: number[]}} input as the file declares it
 * @param {ArrayLike<number>[]} pictures bytes of each, channel by channel, row by row
 * @param {ArrayLike<number>} labels
 * @returns {Promise<number>} how many are right
 */
export async function rightByOrt(bytes, { channels, height, width, mean, std }, pictures, labels) {
  const session = await openOrt(bytes)
  const area = height * width
  let right = 0
  for (const [i, picture] of pictures.entries()) {
    const x = Float32Array.from(picture, (v, k) => (v / 255 - mean[Math.floor(k / area)]) / std[Math.floor(k / area)])
    const { data } = await session.run([1, channels, height, width], x)
    if (data.indexOf(Math.max(...data)) === labels[i]) right++
  }
  await session.close()
  return right
}
