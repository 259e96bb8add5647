// One file per type of parameter; a new type is one file and one line here. Each gets { param, value, onchange, disabled }.
import Choice from './Choice.svelte'
import Class from './Class.svelte'
import Layer from './Layer.svelte'
import NumberControl from './Number.svelte'
import Seed from './Seed.svelte'
import Text from './Text.svelte'

const CONTROLS = { number: NumberControl, integer: NumberControl, choice: Choice, layer: Layer, class: Class, text: Text }

export const controlFor = (param) => (param.name === 'seed' && param.type === 'integer' ? Seed : (CONTROLS[param.type] ?? Text))
