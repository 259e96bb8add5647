// What a page and a worker say to each other, version 4.
//
// To the worker, one request at a time (the sender keeps the queue, pool.js):
//   { v, id, type, args }     a request; ids rise; the types are below
//   { v, id, cancel: true }   stop request id, if it is still at work: it answers with the error `stopped`
//   { v, id, next: true }     send one preview of request id as soon as there is one
//   { v, id, helpers: [{ number, port, steps }] }  request id, a `run` that asked for help: who comes, at the other end of
//                             the ports, each sent with these of the steps set aside; maybe nobody
//   { v, id, lost: n }        helper n is gone, whatever the reason; what it had in hand is to be done again
// From the worker:
//   { v, id, ok: true, result }                the answer; typed arrays in it are transferred
//   { v, id, ok: false, error, [preview] }     an error as error.js writes it; a stopped job adds its last preview
//   { v, id, progress }                        about ten times a second at most, and after the last step
//   { v, id, preview }                         results so far; only when asked for, about ten times a second at most
//   { v, id, share: { phase, steps, bytes, aside } }  `steps` of that phase may be done by others, who need `bytes` each;
//                                              `aside` are numbers of steps for them to begin with
// A worker that meets another version answers with the error `version`. After an error that is `fatal` the worker is to be
// thrown away. A cancelled request stops within one step: between two steps the worker looks at its messages.
//
// Types:
//   hello        { module | bytes }                               → { manifest, kernels, colours: { family: { light, dark } } }
//   open         { model, bytes, options, settings, history }     → { info, history }   `model` is the sender's own key;
//                                                                           bytes may be a network text
//   configure    { model, settings: { preprocessing, labels, frame }, history }   → { info, history }   null: as the file
//                                                                           says; history: bytes, the first time alone
//   close        { model }
//   decode       { bytes, name }                                  → picture
//   png          { picture }                                      → bytes
//   tensors      { bytes }                                        → { name: { shape, data } }
//   caption      { picture, code, x, y }                          → picture
//   rankCorrelation { a, b, sizes }                               → number
//   forward      { model, ticket, picture, size }                 → forward
//   backward     { model, ticket, objective, rule }               → backward
//   values       { model, ids, gradient, of }                     → [{ id, shape, data }]
//   explain      { model, id, at, gradient, whole, of }           → explanation
//   fields       { model }                                        → at, spans
//   shares       { model, temperature, of, k }                    → numbers
//   intervene    { model, ticket, changes }                       → forward | null   of the picture shown last; null: none
//   examples     { model, search, id, each, pictures, first, channels, end }  → [[example, …] of each of the channels]
//                                                                           `search` is the sender's own key; the pictures
//                                                                           are added to it, numbered from `first` on
//   memory       → { bytes, open }                                          open: models, views and jobs
//   profile      { model, picture, size, objective }              → { passes, rows }      in memory of its own
//   run          { model, method, picture, objective, edits, params, preview }   → { results, legend }
//   help         { model, method, picture, objective, edits, params, phase, steps, port }   the request of a `run` that is shared, and
//                                                                                   numbers of steps to begin with
// On the port between the worker that runs (the lead) and one that helps:
//   to the lead:    { ready: phase }    once, when its own job has come to the phase; { step, part }, the part transferred
//   to the helper:  { steps: [k, …] }   to be done in that order; { end: true }: nothing more, the port is closed
// A helper answers its request when it is sent home, and with an error when it cannot go on; either way the sender tells
// the lead that it is lost. A cancelled helper just goes. The lead merges parts in order of number, whoever made them; when it
// has nothing else to do it takes back steps that a helper has not begun, and drops the parts that come of them.
//
// A ticket names the pass it makes; `of` asks for the numbers of that pass, and is answered `stale` when another followed.

export const PROTOCOL = 4

/** Least time between two progress messages, or two previews. */
export const INTERVAL_MS = 100

/**
 * The buffers of the typed arrays anywhere in a message, to be transferred.
 * @param {unknown} value
 * @param {Set<ArrayBuffer>} [found]
 * @returns {ArrayBuffer[]}
 */
export function buffersOf(value, found = new Set()) {
  if (ArrayBuffer.isView(value)) {
    if (value.buffer instanceof ArrayBuffer && value.buffer.byteLength > 0) found.add(value.buffer)
  } else if (value && typeof value === 'object') {
    for (const part of Object.values(value)) buffersOf(part, found)
  }
  return [...found]
}
