// The visitor's score, kept on the device: of each kind of question how many were asked and how many guessed. Ten small numbers and
// nothing of pictures or networks; where storage is refused the score lasts as long as the page.
import { store, stored } from '../lib/store.js'

// Where it looked; which of two is honest, without maps and with them; what it says of a changed picture, the same.
const KINDS = ['where', 'bare', 'maps', 'still', 'stillMaps']
const KEY = 'guesses'

function read() {
  const numbers = (stored(KEY) ?? '').split(' ').map(Number)
  const fits = numbers.every((n) => Number.isInteger(n) && n >= 0)
  return Object.fromEntries(KINDS.map((kind, i) => [kind, fits && numbers[2 * i] <= numbers[2 * i + 1] ? { right: numbers[2 * i], asked: numbers[2 * i + 1] } : { right: 0, asked: 0 }]))
}

class Score {
  kinds = $state.raw(read())
  any = $derived(KINDS.some((kind) => this.kinds[kind].asked > 0))

  /** @param {string} kind one of KINDS @param {boolean} right */
  count(kind, right) {
    const { right: n, asked } = this.kinds[kind]
    this.#keep({ ...this.kinds, [kind]: { right: n + Number(right), asked: asked + 1 } })
  }
  forget() {
    this.#keep(Object.fromEntries(KINDS.map((kind) => [kind, { right: 0, asked: 0 }])))
  }
  #keep(kinds) {
    this.kinds = kinds
    store(KEY, KINDS.flatMap((kind) => [kinds[kind].right, kinds[kind].asked]).join(' '))
  }
}
export const score = new Score()
