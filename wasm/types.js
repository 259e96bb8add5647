// What goes in and comes out of the API, for the type checker and the reader. Nothing runs here.

/**
 * @typedef {object} Example  a place in one of many pictures that moves a channel
 * @property {number} picture  its number
 * @property {number} row  of the channel's map
 * @property {number} column
 * @property {number} value
 */

/** @typedef {{ width: number, height: number, pixels: Uint8Array | Uint8ClampedArray }} Picture  RGBA, 8 bit, row by row; ImageData with its data as pixels */
/** @typedef {{ width: number, height: number, pixels: Uint8ClampedArray, notes: string[] }} DecodedPicture  notes: sentences on what was done to it */
/** @typedef {{ mean: number[], std: number[], channels: 'RGB' | 'BGR' | 'grey' }} Preprocessing  for pictures in 0…1 */
/** @typedef {{ id: number, name: string, producer: number, constant: boolean, type: 'float' | 'int', shape: number[] | null }} ValueInfo  shape at the declared input size; null where that is open */
/**
 * @typedef {object} NodeInfo
 * @property {number} id
 * @property {string} name
 * @property {string} op  ONNX name
 * @property {number[]} inputs  values; −1 where an optional one is absent
 * @property {number} output  value
 * @property {Record<string, number | string | (number | string)[]>} attributes
 * @property {string | null} standsFor  names of the nodes that were folded into this one, separated by commas
 * @property {boolean} mixesChannels
 * @property {boolean} hasWeights  `NAME~7` draws them anew
 * @property {boolean} hasKernels  `NAME/OUT,IN=…` changes one of them
 * @property {boolean} alias  its result is its input under another name or shape
 * @property {number | null} macs
 * @property {number} params
 */
/**
 * @typedef {object} ModelInfo
 * @property {string | null} title
 * @property {string | null} credit
 * @property {number} opset
 * @property {{ id: number, name: string, channels: number | null, height: number | null, width: number | null }} input
 * @property {number} output  value
 * @property {number} scores  value before a final softmax or sigmoid
 * @property {'softmax' | 'sigmoid' | 'scores'} head
 * @property {string[]} labels
 * @property {Preprocessing | null} preprocessing
 * @property {ValueInfo[]} values
 * @property {NodeInfo[]} nodes  in topological order
 * @property {number} parameters
 * @property {number | null} macs
 */
/** @typedef {{ steps: number[], epochSteps: number }} History  of a training: the step of each frame; steps of an epoch */
/** @typedef {{ data: Float32Array, shape: number[] }} Tensor */
/** @typedef {{ probabilities: Float32Array, scores: Float32Array, input: { width: number, height: number, pixels: Uint8ClampedArray }, ms: number }} Forward */
/** @typedef {{ objective: string, value: number, ms: number }} Backward */
/**
 * @typedef {object} ProfileRow  The time that a node takes.
 * @property {number} node
 * @property {string} name
 * @property {string} op
 * @property {number[]} shape  of its output
 * @property {number} macs
 * @property {number} forward  ms
 * @property {number} backward  ms
 * @property {string | null} forwardKernel  how it is computed; null where there is one way only
 * @property {string | null} backwardKernel
 * @property {number} fused  the node that does this one's forward work as well; −1: none
 */
/**
 * @typedef {object} Result  One named result of a job, with its legend.
 * @property {string} name
 * @property {string} title
 * @property {'map' | 'stack' | 'picture' | 'series' | 'bars' | 'table' | 'text'} kind
 * @property {number[]} shape  channels, height, width
 * @property {Float32Array} [data]
 * @property {Uint8ClampedArray} [pixels]  RGBA
 * @property {string | null} text  names of curves, rows, notes
 * @property {string} family  of colours
 * @property {boolean} signed
 * @property {number} limit  end of the scale
 * @property {number} percentile
 * @property {string | null} unit
 */
/** @typedef {{ phase: number, phases: number, title: string, step: number, steps: number, done: number, total: number, bytes: number, forwards: number, backwards: number }} Progress  done of total steps */
/**
 * @typedef {object} ExplainedPart  What one node adds. Arrays have one number a term; terms with role 0 or 1 lie as groups × rows × columns.
 * @property {number} node  −1: the objective's seed, or an intervention
 * @property {number} input  −1: the node makes the value; else the gradient comes back through this input of it
 * @property {number} place  value whose cells the terms' `index` counts, when they are of the first operand or the signal
 * @property {string} form  sum, largest, curve, share, scaled: how the terms make the number (src/ops/explain.h)
 * @property {number} groups
 * @property {number} rows
 * @property {number} columns
 * @property {number} first  of a channel: its first map
 * @property {number} n  terms
 * @property {Float64Array} product
 * @property {Float64Array} value
 * @property {Float64Array} factor
 * @property {Float64Array} role  0 product, 1 empty cell, 2 shift, 3 aside (not in the sum), 4 seed, 5 edit
 * @property {Float64Array} operand  input of the node; −1 none, −2 the arriving signal
 * @property {Float64Array} index
 * @property {Float64Array} factorOperand
 * @property {Float64Array} factorIndex
 */
/** @typedef {{ id: number, at: number, gradient: boolean, number: number, sum: number, size: number, parts: ExplainedPart[], maps?: Float32Array, plane?: number }} Explanation  size: the sizes of the products, added up */
/** @typedef {'plain' | 'guided' | 'deconvnet'} Rule */
/** @typedef {'light' | 'dark'} Theme */
/** @typedef {{ name: string, title: string, type: string, unit: string, meaning: string, [more: string]: unknown }} ParameterInfo */
/** @typedef {{ id: string, title: string, family: string, params: ParameterInfo[], [more: string]: any }} MethodInfo */
/** @typedef {{ methods: MethodInfo[], operators: any[], results: any[] }} Manifest */

export {}
