// A data set made of noise: PNG pictures of SIDE×SIDE pixels, and tar files. Written from the formats' texts, so that the
// trainer's readers meet somebody else's bytes.
import { crc32, deflateSync } from 'node:zlib'

export const SIDE = 16

// CRC-32 where Node has none of its own (before 22.2).
function checksum(bytes) {
  if (crc32) return crc32(bytes)
  let crc = ~0
  for (const byte of bytes) {
    crc ^= byte
    for (let k = 0; k < 8; k++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0)
  }
  return ~crc >>> 0
}

function chunk(type, data) {
  const bytes = Buffer.alloc(12 + data.length)
  bytes.writeUInt32BE(data.length, 0)
  bytes.write(type, 4, 'latin1')
  data.copy(bytes, 8)
  bytes.writeUInt32BE(checksum(bytes.subarray(4, 8 + data.length)), 8 + data.length)
  return bytes
}

export function png(rgb) {
  const head = Buffer.from([0, 0, 0, SIDE, 0, 0, 0, SIDE, 8, 2, 0, 0, 0])
  const rows = Buffer.alloc(SIDE * (1 + 3 * SIDE))
  for (let y = 0; y < SIDE; y++) rgb.copy(rows, y * (1 + 3 * SIDE) + 1, y * 3 * SIDE, (y + 1) * 3 * SIDE)
  const signature = Buffer.from([137, 80, 78, 71, 13, 10, 26, 10])
  return Buffer.concat([signature, chunk('IHDR', head), chunk('IDAT', deflateSync(rows)), chunk('IEND', Buffer.alloc(0))])
}

// Noise in which one colour is a little stronger.
let state = 1
export function picture(strong) {
  const rgb = Buffer.alloc(3 * SIDE * SIDE)
  for (let i = 0; i < rgb.length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    rgb[i] = (state >>> 24) * 0.7 + (i % 3 === strong ? 70 : 0)
  }
  return png(rgb)
}

export function tarEntry(name, content) {
  const head = Buffer.alloc(512)
  head.write(name, 0)
  head.write('0000644\0', 100)
  head.write(content.length.toString(8).padStart(11, '0') + '\0', 124)
  head.write('        0', 148)
  head.write('ustar\0' + '00', 257)
  const sum = head.reduce((a, b) => a + b, 0)
  head.write(sum.toString(8).padStart(6, '0') + '\0 ', 148)
  return Buffer.concat([head, content, Buffer.alloc((512 - (content.length % 512)) % 512)])
}
