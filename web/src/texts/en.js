// Every word of the page, in English. Another language is another file with the same keys.
import { grouped } from './grouped.js'

export const t = {
  name: 'Backlight', motto: 'see a network work, forwards and backwards', decimal: '.', notANumber: 'not a number', yes: 'yes', no: 'no',
  skip: { network: 'To the network', lab: 'To the lab', text: 'To the explanation' },
  bar: {
    model: 'Network', classes: (n) => (n === 1 ? '1 class' : `${grouped(n, 'en')} classes`),
    forward: 'Forward', backward: 'Backward', direction: 'Direction of the light', pinned: 'pinned', strongest: 'strongest', gradientOf: 'gradient of',
    scale: 'Scale', detail: 'Shapes and scales', detailHint: 'the size of every layer, and what its colours mean: their ends hold 99.5 % of the values', copy: 'Copy a link to this view', share: 'Show this elsewhere', copied: 'Link copied.', ownPicture: 'Link copied. Your own picture is not in it: it stays on this device.',
    copyFailed: 'This browser does not allow copying here. The address bar holds the link.',
    theme: (dark) => (dark ? 'Light theme' : 'Dark theme'), help: 'Keys', menu: 'Menu', language: 'Language', large: 'Bigger type', largeHint: 'for a projector',
    about: 'About: privacy, how to cite, credits',
  },
  embed: {
    figures: { network: 'The network', channel: 'A channel', number: 'A number' },
    here: 'computed on this device', full: 'Open in full',
  },
  host: { frame: 'A figure by Backlight', site: 'Say in "site" where Backlight lies.' },
  link: {
    kept: (what) => `This link keeps ${what} as it is.`,
    controls: { model: 'the network', picture: 'the picture', dir: 'the direction of the light', pin: 'what the light starts from', scale: 'the scale', lab: 'the lab', method: 'the method', params: 'the parameters', edits: 'the changes by hand', depth: 'the depth' },
  },
  scales: {
    block: ['block', 'a convolution with its activation and pool'], unit: ['unit', 'each tile by itself'], network: ['network', 'one scale for all layers'],
  },
  pin: {
    title: 'What the light starts from', find: 'Find a class', strongest: 'the strongest class', strongestHint: 'follows the picture',
    minusHint: 'A − B: what speaks for one class and against the other',
    text: 'A layer, a channel or a sum, as text', textHint: (layer) => `${layer} · ${layer}:3 · 0.7*${layer}:1+0.3*${layer}:2`, use: 'Use', noClass: 'No class of that name.',
    layer: (name) => `${name}, all channels`, channel: (name, k) => `${name}, channel ${k + 1}`, unit: (name, k, r, c) => `${name}, channel ${k + 1}, row ${r}, column ${c}`,
    looked: 'What you looked at last',
  },
  picture: {
    title: 'Picture', photo: 'photo', input: 'input', gradient: '∂', gradientName: 'gradient', which: 'What is shown', file: 'File', add: 'Choose a file', more: (n) => `${n} more`, fewer: 'fewer',
    hint: 'Or drop or paste a picture anywhere. It stays on this device.', sum: 'sum over the colours', drop: 'Let go to use this picture', stays: 'It stays on this device.',
    credits: (s) => `${s.title}. ${s.author}, ${s.licence}`, strip: 'Bundled pictures', change: 'Change', inputSize: (w, h) => `${w}×${h}, as the network gets it`,
    pads: { pad: 'A blank page', 'pad-black': 'A black page' },
    absent: (name) => `No free photograph of ${name} is bundled. Use one of your own: it stays on this device.`,
  },
  readout: {
    channel: (k, n) => `channel ${k} of ${n}`, short: (k, n) => `${k} of ${n}`, place: (r, c) => `row ${r}, column ${c}`, lowest: 'lowest', mean: 'mean', highest: 'highest', forward: 'forward', backward: 'backward',
  },
  network: {
    label: 'Network', strip: (name, op, shape, n) => `${name}${op ? ', ' + op : ''}, ${shape}, ${n} channels shown`,
    tile: (name, op, k, n, s) => `${name}${op ? ', ' + op : ''}, channel ${k} of ${n}. Mean ${s.mean}, highest ${s.high}, ${s.above} percent above zero`,
    showing: (few, all) => `showing ${few} of ${all}`, more: (n) => `+${n}`, light: 'Strength of each layer, root mean square',
    zero: (name) => `The gradient is 0 from ${name} on: nothing there passes it on for this picture.`,
    front: 'The front of the light', pause: 'Pause', play: 'Go on', step: 'One layer further', skip: 'To the end', layerOf: (k, n) => `layer ${k} of ${n}, size`,
    openLayer: (name, few, all) => `${name}: showing ${few} of ${all}. Open`, openAll: (n) => `Open: all ${n} channels`, openBlock: (n) => `Open the block: ${n} layers`, closeLayer: 'Close this layer',
    blocks: (n, m) => `${n} layers in ${m} columns: what repeats is one block. Open one with the number under it.`,
    rests: (n) => `${n} more `, opened: (name) => `${name}, opened`, shownAs: (n, kinds) => `${n} layers shown as one: ${kinds}`, layer: 'Layer', close: 'Close', of: (a, b) => (a < b ? `${a} of ${b}` : `${b}`),
    page: (k, n) => `page ${k} of ${n}`, silent: (n) => `${n} silent`, jump: 'channel', before: (n) => `Before ${n}`, next: (n) => `Next ${n}`,
    rest: (n, share, name) => `${n} more make up ${share} % of the contribution to ${name}`, bars: (n, name, high, low) => `What each of the ${n} channels adds to ${name}: from ${high} to ${low}`,
    barsLeft: (n, name) => `all ${n} channels, strongest for ${name} on the left`, barsRight: 'against it on the right',
    folded: (n) => `${n} layers, one column a block`, sort: 'Sort', sorts: { index: ['index', 'as in the file'], contribution: ['contribution', 'to the pinned objective'], mean: ['mean answer', 'on this picture'] },
    enlarge: 'Enlarge in the lab', pinLayer: 'Pin this layer', stands: (names) => `stands for ${names}`,
  },
  history: {
    label: 'Training', open: 'See it being trained', at: (step, epoch) => (step === 0 ? 'Before training: random weights' : `After step ${step}, epoch ${epoch}`), end: (step, epoch) => `Trained: step ${step}, epoch ${epoch}`,
    play: 'Play the training', pause: 'Pause', next: 'A frame further', refused: (why) => `The history of the training was not taken: ${why}`,
  },
  examples: {
    title: 'What moves it most', bundled: 'Search the pictures here', own: 'Search my pictures', stop: 'Stop',
    place: (name, row, column, value) => `${name}, row ${row}, column ${column}: ${value}`,
    progress: (n, all) => `${n} of ${all} pictures`, silent: 'None of the pictures moves it.',
    skipped: (n) => (n === 1 ? '1 file could not be read as a picture.' : `${n} files could not be read as pictures.`),
    none: 'There is no picture among these files (JPEG, PNG, GIF, BMP).',
  },
  prediction: {
    openScore: 'Open score', openShare: 'softmax',
    was: (p) => `before the changes: ${p}`, title: 'Prediction', probability: 'probability, 0 to 1', scores: 'scores, not probabilities', sigmoid: 'probability of each, 0 to 1', seed: 'Seed', seedHint: 'where the light starts',
    seedAt: (name) => `the light starts at ${name}`, more: (n) => `${grouped(n, 'en')} more classes.`, find: 'Find a class', spoken: (label, p) => `Prediction: ${label}, ${p}`,
  },
  text: {
    see: 'What you see', formula: 'In a formula', tryThis: 'Try this', care: 'Take care', label: 'Explanation',
    forward: 'Light goes from the picture to the prediction. Each tile is one channel, *blue* above zero, _red_ below, blank where it is silent. The band on top is the strength of each layer.',
    backward: (name) => `The light turned round: what a small change here would do to the score of <b>${name}</b>: *amber* would raise it, _violet_ lower it.`,
    opened: (name) => `Every channel of one layer, with its number and what it adds to the score of <b>${name}</b>, *for it* or _against it_.`,
    guess: (layer, n, name) => `Which of the ${n} channels of <b>${layer}</b> speaks most for ${name}? Guess, then follow the widest line.`, check: 'Check my guess',
    answer: (k, share) => `Channel ${k} speaks most for it, with ${share} of all that speaks for or against.`,
    method: (title, purpose, name) => `<b>${title}</b>: ${purpose}.${name ? ` Here it is asked of <b>${name}</b>.` : ''}`,
    gradientCare: 'A gradient says what a tiny change would do, not what the network looked at.', showMe: 'Show me its way, layer by layer',
    // What stands under a panel: what one sees, its formula, one task or one warning with what it does.
    groups: {
      maps: {
        see: () => 'One layer, enlarged: every channel is one map, all on one scale, *blue* above zero and _red_ below. The value under the pointer is the number the layer gives there.',
        formula: 'forward', title: 'Try this', act: 'Find a channel that answers to edges, then look for it in the next layer.',
      },
      saliency: {
        see: (name) => `The same backward pass as in the network, drawn at its end: how much the score of <b>${name}</b> moves when a pixel changes a little.`,
        formula: 'backward', title: 'Take care', act: 'Large means sensitive, not important. Look at the map alone before you look at it over the photograph.',
      },
      attack: {
        see: () => 'The backward pass says for every colour value which way to push it. Noise of the same size shows that the size is not what counts: the direction is.',
        formula: 'method', title: 'Try this', act: (name) => `Find the smallest ε that still makes this ${name} something else.`, link: 'Start at 0',
      },
      edit: {
        see: () => 'Everything behind a change follows it. A tile with a coloured corner differs from what it was; the mark in a bar is the probability before.',
        formula: 'forward', title: 'Try this', act: 'Erase what you think matters until the prediction falls. Then erase as much somewhere else.',
      },
      play: {
        see: () => 'One kernel slides over one picture: each number of the output is the sum of products of the window. Nothing is learned here, all numbers are yours.',
        formula: 'play', title: 'Try this', act: 'Find nine numbers that leave only upright edges. Then make the output half as wide.',
      },
      cue: {
        see: () => 'A word in the picture goes with the class, and is not of it: a planted cue. Which network learned the cue in place of the picture is known here, so one sees what maps are worth.',
        formula: 'cue', title: 'Try this', act: 'Say first which of the four networks follows the word, then take it away, move it, or write another.',
      },
      classes: {
        see: () => 'What every channel answers on average to the pictures of one class, and to those of another. Where the two part, the network tells them apart.',
        formula: 'classes', title: 'Try this', act: 'Take two classes that are often mixed up. In which layer do they part at last?',
      },
      guess: {
        see: () => 'The page asks before it shows. Whoever has said first where the network looked, or which one is honest, sees in the answer what a map adds, and what one only believed to see.',
        formula: 'above', title: 'Take care', act: 'A map that agrees with you may still be wrong: you and the map are both guesses at what the network does.',
      },
      dream: {
        see: () => 'The backward pass again, but now the picture moves: each step adds a little of the gradient, so that the layer answers more strongly.',
        formula: 'method', title: 'Try this', act: 'Dream an early layer instead, and say first what you expect.', link: 'Go to the first layer',
      },
    },
  },
  lab: {
    label: 'Lab', close: 'Close the lab', edit: 'Edit', play: 'Kernel', cue: 'Cue', classes: 'Classes', guess: 'Guess', maps: 'Maps', saliency: 'Saliency', attack: 'Attack', dream: 'Dream', other: 'More', method: 'Method', run: 'Run', again: 'Again', stop: 'Stop',
    range: (title, least, most, kept) => `${title} goes from ${least} to ${most}. Kept: ${kept}.`, whole: (title, kept) => `${title} is a whole number. Kept: ${kept}.`, left: (s) => `${s} left`, of: (a, b) => [a, ` of ${b}`], stopped: (a, b) => `stopped at ${a} of ${b}`,
    passes: (cost) => `${cost} (F forward, B backward pass)`, dice: 'Another seed', none: 'none', automatic: 'automatic', untargeted: 'none: any other class',
    map: 'map', over: 'over photo', shown: 'How it is shown', png: 'PNG', csv: 'CSV', place: (r, c) => `row ${r}, column ${c}`, notRun: 'Not run yet.', failed: 'This did not work',
    legend: (of, params, forwards, backwards) => `${of ? `Of ${of}. ` : ''}${params ? `${params}. ` : ''}${forwards} forward, ${backwards} backward ${backwards + forwards === 1 ? 'pass' : 'passes'}.`, end: (p) => `the scale ends at the ${p}${p % 1 ? '' : 'th'} percentile`,
    zero: 'The map is zero.', stale: (key, value) => `old: ${key} is ${value} now`, stalePicture: 'old: another picture now', staleObjective: 'old: another objective now', staleWeights: 'old: other weights now', channel: (k, n) => `channel ${k} of ${n}`, pick: 'Choose a channel',
    unedited: 'Methods work on the network as it was opened: channels and kernels changed by hand are not in it.', keep: 'Keep beside', kept: 'Kept, under one cursor', drop: (what) => `Take away: ${what}`, oneScale: (v) => `one scale, ±${v}`, ownScale: (v) => `own scale, ±${v}`,
    showing: (a, b) => `showing ${a} of ${b}`, closer: 'Closer', farther: 'Farther', whole: 'The whole map',
  },
  edit: {
    count: (n) => (n === 0 ? 'Nothing is changed' : n === 1 ? '1 change' : `${n} changes`), undo: 'Undo', all: 'Undo all', was: 'before', now: 'now',
    diff: 'show the difference', picture: 'Paint on the picture', channels: 'Switch channels off', channelsHint: 'A channel that is off answers 0 everywhere. Choose one to switch it.', kernel: (name) => `Change a kernel of ${name}`, list: 'What is changed in the network',
    pad: (w, h) => `The picture as the network gets it, ${w}×${h}. Drag to paint; arrows move the brush, Space paints, plus and minus size it`, padHint: 'Drag to paint, turn the wheel for another brush. With the keyboard: arrows, Space, + and −.',
    colour: 'What to paint with', colours: { mean: 'Erase: the mean colour', '000000': 'black', ffffff: 'white', 808080: 'grey', d03020: 'red', '30a040': 'green', '3060d0': 'blue', f0c020: 'yellow' }, brush: 'Brush',
    from: 'from channel', to: 'to channel', ofAll: (n) => `of ${n}`, kernelHint: (limit) => `Teal raises, brown lowers; the strongest colour is ${limit}.`, trained: 'As trained', large: (h, w) => `A kernel of ${h}×${w} is too large to change by hand.`,
    kernelOf: (name, i, o) => `Kernel of ${name} from channel ${i} to ${o}`, off: (k, name) => `Channel ${k} of ${name} is switched off.`, on: (k, name) => `Channel ${k} of ${name} is on again.`, meaned: (k, name) => `Channel ${k} of ${name} is its mean everywhere.`, scaled: (k, name, f) => `Channel ${k} of ${name} times ${f}.`,
  },
  play: {
    names: { size: 'input', k: 'kernel', stride: 'stride', pad: 'padding', dilation: 'dilation' }, meanings: { size: 'height and width of the input', k: 'height and width of the kernel', stride: 'how far the window moves at a time', pad: 'cells around the input that count as 0', dilation: 'how far the cells of the window lie apart' },
    input: 'Input', kernel: 'Kernel', output: 'Output', padded: (n, p) => `${n}×${n}, padded by ${p}`, fitsNot: 'This does not fit', why: (n, p, r) => `The window reaches over ${r} cells; the input has ${n}${p ? ` and ${p} of padding on each side` : ''}.`,
    place: (r, c) => `Output row ${r}, column ${c} is the sum of the window's products:`, padding: 'Hatched cells are padding and count as 0.',
    size: (p, reach, out) => `(${p.size} + 2·${p.pad} − ${reach}) / ${p.stride}, rounded down, + 1 = ${out} rows and columns.`,
  },
  kernels: { identity: 'nothing', blur: 'blur', sharpen: 'sharpen', upright: 'upright edges', level: 'level edges', outline: 'outline', emboss: 'emboss', zero: 'zero' },
  table: {
    open: 'Table', cells: (h, w) => `${h} rows, ${w} columns`, means: (h, w, r, c) => `${h} rows and ${w} columns, as means of ${r}×${c} parts; each is named by its first row and column`, row: 'Row', close: 'Close',
    extremes: ([low, r0, c0], [high, r1, c1]) => `Lowest ${low} in row ${r0}, column ${c0}; highest ${high} in row ${r1}, column ${c1}.`,
  },
  crop: {
    short: 'Crop', title: 'Choose the part that the network gets', label: (x, y, n) => `A square of ${n} pixels at column ${x}, row ${y}. Arrows move it, plus and minus size it`, input: 'The exact input of the network',
    from: (n, x, y) => `from ${n}×${n} pixels at ${x}, ${y}`, size: 'Size', middle: 'The middle', done: 'Done',
  },
  camera: {
    name: 'Camera', title: 'Camera', keep: 'Keep this', live: (rate) => (rate ? `Live, ${rate.toFixed(0)} pictures a second. They stay on this device.` : 'Live. The pictures stay on this device.'),
    reasons: {
      none: 'There is no camera here.', insecure: 'A camera needs an address that begins with https.', embedded: 'The page that embeds this figure does not allow the camera.', refused: 'The camera was not allowed. The browser’s address bar can allow it.',
      busy: 'The camera cannot be used; another program may hold it.', lost: 'The camera was taken away.',
    },
  },
  model: {
    refused: 'This network cannot be opened', stays: (name) => `${name} stays open.`, close: 'Close', setup: 'How does this network want its pictures?', labels: 'Names of the classes, one a line', labelsHint: (n) => `${n} classes. Without names they are called class 0, class 1, …`,
    setupAgain: 'The file says how it wants its pictures. Try another way; the prediction follows.',
    setupText: 'This network does not say how it wants its pictures. Try one; the prediction below follows.', presets: { unit: '0 … 1', imagenet: 'ImageNet', signed: '−1 … 1', caffe: '0 … 255, BGR' }, use: 'Use', opened: (name) => `${name} is open.`,
  },
  toast: { close: 'Close', stays: (name) => `${name} stays.` },
  states: {
    noSimd: 'This browser cannot run Backlight’s code', noSimdText: 'It needs WebAssembly SIMD: Chrome 91, Firefox 89, Safari 16.4 or newer.', failed: 'Backlight could not start', nan: 'Numbers went wrong', update: 'A new version is ready.', reload: 'Reload', missing: 'This view could not be fetched. The network may be gone, or the page is older than its server.', again: 'Try again',
  },
  keys: {
    title: 'Keys', close: 'Close',
    list: [[['←', '→', '↑', '↓'], 'move between tiles'], [['[', ']'], 'layer before, layer after'], [['Home', 'End'], 'first tile, last tile'], [['Enter'], 'open the channel, then the number'], [['Space'], 'let the window slide'], [['B'], 'turn the light'], [['P'], 'next picture'], [['L'], 'open or close the lab'], [['/'], 'find a class'], [['O'], 'pin the channel looked at'], [['X'], 'switch that channel off'], [['U'], 'undo a change'], [['T'], 'the map looked at as a table'], [['Esc'], 'one step out'], [['?'], 'this list']],
  },
  tabs: { network: 'Network', lab: 'Lab', read: 'Read' },
}

// Of the poster (web/host), put in when the site is built.
export const elsewhere = {
  poster: {
    title: 'A figure by Backlight', start: (size) => `Start (${size} MB)`, stays: 'It is computed on this device; nothing is sent anywhere.',
    what: 'Light goes through a network from the picture to the prediction, and back.', bare: 'This page keeps the figure by itself, so all of it comes as one file. The camera and what is kept between visits are not there.',
    noscript: 'Backlight computes every picture on your device, and needs JavaScript and WebAssembly for that.',
  },
}
