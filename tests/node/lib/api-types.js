// Uses of the API for the type checker; never run. A line after @ts-expect-error must be refused.
import { Backlight } from '../../../wasm/backlight.js'

export async function uses() {
  const backlight = await Backlight.load({ wasm: 'backlight.wasm', workers: 3 })
  const picture = await backlight.decode(new Blob([]), 'photo.jpg')
  const model = await backlight.open(new Uint8Array(9), { name: 'net' })
  const { predictions, value } = await model.forward(picture)
  const label = /** @satisfies {string} */ (predictions[0].label.toUpperCase())
  const { data, shape } = await value('conv1')
  const job = model.run('dream', { picture, objective: label, steps: 3 }, { signal: AbortSignal.timeout(1), preview: true, onprogress: ({ done }) => done.toFixed() })
  for await (const preview of job) preview[0].limit.toFixed()
  const { results, legend } = await job.result
  // The same picture types as a canvas gives.
  await model.forward({ width: 1, height: 1, pixels: new ImageData(1, 1).data })

  // @ts-expect-error no such option
  await Backlight.load({ url: 'backlight.wasm' })
  // @ts-expect-error a picture needs its size
  await model.forward({ pixels: new Uint8Array(4) })
  // @ts-expect-error no such rule
  await model.backward('class:1', { rule: 'magic' })
  // @ts-expect-error the description cannot be replaced
  model.info = null
  // @ts-expect-error no such theme
  backlight.colours('size', 'dusk')
  return { data, shape, results, legend }
}
