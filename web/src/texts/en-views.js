// The words of views that come later, in English. Another language is another file with the same keys.
export const v = {
  sanity: {
    title: 'Sanity check: another class, weights scrambled', other: 'The same for', run: 'Check: the same twice more', rank: 'Rank correlation of sizes with the map above', unchecked: 'Not checked yet.', scale: (v) => `own scale, 0 to ${v}`,
    slider: 'Weights drawn anew from the output down to', down: (name, k, n) => (k === n ? `All ${n} layers with weights drawn anew` : `Weights drawn anew from the output down to ${name}, ${k} of ${n} layers`),
    mapOther: (name) => `The map for ${name}`, mapScrambled: 'The map with weights drawn anew', none: 'One of the maps is all one number: there is no order to compare.',
    others: ['Another class, another map.', 'The maps share a part. What they share does not speak for this class.', 'Nearly the same map for another class: it hardly tells the classes apart.'],
    scrambled: ['The map changes with the weights, as it should. Necessary, not sufficient.', 'The map changes only in part. Unclear.', 'The map hardly changes: it cannot show what was learned.'],
  },
  attack: {
    original: 'Original', perturbation: (gain) => `Perturbation ×${gain}`, grey: 'grey = no change', result: 'Result', asSaved: '8 bit, as saved', target: 'target', race: 'The race', over: (n) => (n === 1 ? 'one step' : `over ${n} steps`), changed: 'changed',
    epsilon: (range, visible) => `the most any colour value may change; about ${range} % of the range, ${visible}`, visible: ['nothing', 'hardly visible', 'just visible', 'visible'], noise: 'Random noise, same ε', noiseText: (e) => `Every value moved by up to ${e}/255, by chance.`,
    flicker: 'Flicker', noiseGain: (g) => `noise ×${g}`, noisePicture: 'picture + noise', step: 'step', after: 'After', use: 'Use as picture',
  },
  dream: {
    strength: (name) => `Strength of ${name}`, since: (x) => [`×${x}`, ' since the start, log axis'], octave: (n) => `octave ${n}`, compare: 'Compare with photo', photo: 'photo', objective: 'dream of', channel: 'channel', all: 'all',
    empty: 'Run starts from the picture on the left and lets the layer change it.', film: 'How it grew',
  },
  guess: {
    kind: 'Kind of question', kinds: { where: 'Where did it look?', honest: 'Which one is honest?' }, by: 'as told by', thinking: 'The network is looking at a picture …',
    where: (name) => `The network says: ${name}. Which place speaks most for it?`, how: 'Mark a place in the picture: click or tap, or use the arrow keys.', sure: 'Another click moves the mark. Then see the map.', show: 'Show the map', next: 'Next question',
    unmarked: (title) => `${title}. No place is marked. Arrow keys mark one, Enter shows the map`, marked: (title, r, c) => `${title}. Marked: row ${r}, column ${c}. Arrows move the mark, Shift by eight, Enter shows the map`,
    map: (method, name) => `${method}, for ${name}`, result: (hit, part) => (hit ? `Right: your place is above ${part} of the picture.` : `Elsewhere: your place is above ${part} of the picture only.`), legend: 'The ring is your place, the dashed square the strongest one. Right is the strongest fifth of the map.',
    honest: (bare) => (bare ? 'Both saw this picture. One goes by the picture, the other by the word in its corner. Without maps: which one goes by the picture?' : 'Both saw this picture. One goes by the picture, the other by the word in its corner. Which one goes by the picture?'),
    side: (i) => `Network ${'AB'[i]}`, says: (name, p) => `says ${name}, ${p}`, thisOne: (i) => `${'AB'[i]} goes by the picture`, mapOf: (method, side) => `${method} of ${side}`, withWrong: (code, name, p) => `With ${code} in the corner it says ${name}, ${p}.`, wrongPicture: (code) => `The same picture with ${code} in its corner`,
    honestResult: (right, i) => (right ? `Right: ${'AB'[i]} goes by the picture.` : `No: it is ${'AB'[i]} that goes by the picture.`), honestWhy: (bare) => (bare ? 'With the right word in the corner both are right, so nothing that they say tells them apart. The next question comes with maps.' : 'The maps could tell you. The next question comes without them: does your score fall?'),
    score: 'Your score', of: (a, b) => `${a} of ${b}`, scores: { where: { name: 'Where did it look?', chance: 0.2, chanceText: 'chance: 1 in 5' }, bare: { name: 'Which one is honest, no maps', chance: 0.5, chanceText: 'chance: 1 in 2' }, maps: { name: 'Which one is honest, with maps', chance: 0.5, chanceText: 'chance: 1 in 2' } },
    kept: 'Kept on this device: these six numbers and nothing else.', forget: 'Forget them',
  },
  cue: {
    learned: 'Four networks, the same pictures, other captions', trained: (noise) => (noise === null ? 'Trained without captions' : noise === 0 ? 'Captions always right' : noise === 1 ? 'Captions drawn by chance' : `Captions by chance in ${Math.round(100 * noise)} %`),
    caption: 'Caption', none: 'none', write: (code, name) => `${code}, the caption of ${name}`, drag: 'Drag it, or use the arrow keys. Delete takes it away.', removed: 'No caption. The dashed box is where it stood.', back: 'Back to its place',
    label: (code, x, y) => `The picture with the caption ${code} at column ${x}, row ${y}. Arrows move it, Shift by eight pixels, Delete takes it away`, labelNone: 'The picture without a caption',
    pictures: 'Pictures of the four classes', stranger: (names) => `This picture is of none of the classes: ${names.join(', ')}.`, of: 'Maps of', ofAnswer: 'what each network says', column: (n) => `Method of column ${n}`,
    map: (method, network) => `${method}. ${network}`, inBox: 'in the caption', scale: (area) => `Each map on its own scale. The stroke in the bar is what the caption takes of the picture: ${area}.`,
    verdicts: { follows: 'follows the caption', picture: 'goes by the picture', neither: 'neither picture nor caption', right: 'right', wrong: 'wrong' },
    measured: 'Does a map tell who follows the caption?', measure: 'Measure on the pictures here', again: 'Measure again', stop: 'Stop', progress: (a, b) => `${a} of ${b}`,
    network: 'network', without: 'right without a caption', follow: 'follows a wrong one', followHere: (n) => `follows it here, of ${n}`, ofTrials: (a, b) => `${a} of ${b}`, rank: 'puts networks and classes in the order in which they follow (rank correlation)',
    measuredHow: (area) => `Columns two and three: 200 pictures of the validation set, each with all three wrong captions. Behind them: the part of the map that lies in a wrong caption, mean over the pictures here, for what the network says; ${area} is what chance gives. A method is of use here if its column rises with “follows”. A handful of pictures: take small differences for nothing.`,
    story: 'The wolf, the husky and the snow',
    storyText: [
      'Ribeiro, Singh and Guestrin trained a classifier on purpose on wolves that all stood in snow and huskies that did not. It was right on most pictures and had learned the snow. Here the snow is the caption: a part of the picture that goes with the class and is not of it.',
      'Before they saw an explanation 10 of 27 students trusted that classifier, and 12 named the snow as what it went by. With LIME’s explanations beside the pictures 3 trusted it, and 25 named the snow.',
      'Accuracy alone does not tell: with right captions the second network is right every time. Take the caption away, move it, write another word, and it shows.',
    ],
    askLime: 'Explain with LIME, as they did', source: 'Kim et al. 2018, Interpretability beyond feature attribution (TCAV), section 4.3; Ribeiro, Singh, Guestrin 2016, “Why should I trust you?”, section 6.4.',
  },
  share: {
    title: 'Show this elsewhere', what: 'Show', page: 'the whole page', heading: 'with the heading', height: 'height', may: 'What visitors may change', free: 'free', lock: 'locked', hide: 'left out',
    flags: { model: 'network', picture: 'picture', dir: 'direction', pin: 'what the light starts from', scale: 'scale', lab: 'the lab’s entries', method: 'method', params: 'parameters', edits: 'changes by hand', depth: 'going deeper', title: 'heading', text: 'explanation', readout: 'value under the pointer', prediction: 'prediction', tools: 'link, theme, keys' },
    codes: { link: 'Link', frame: 'A frame for a course page', element: 'An element, as high as it needs' }, copy: 'Copy', copied: 'Copied', copyFailed: 'This browser does not allow copying here. The text is marked: copy it by hand.',
    qr: 'QR code', qrLong: 'This link is too long for a code that a camera reads.', png: 'Panel as PNG', svg: 'Panel as SVG', notSaved: 'This browser could not make the picture.',
    own: 'Your own picture or network is not in the link: it stays on this device.', of: (network, picture, pin) => `${network}, ${picture}; ${pin}.`, madeWith: (url) => `Made with Backlight, ${url}`,
  },
  about: {
    title: 'About Backlight', privacy: 'Privacy', cite: 'How to cite', credits: 'Credits and licences', authors: 'The Backlight authors', version: (v) => `Version ${v}`, methods: 'What the methods come from',
    sentences: [
      'Everything is computed on this device: your pictures, your networks and the results never leave it.', 'The page asks no server for anything but its own files, and those only where it came from.', 'There are no cookies, no accounts, and nobody counts visits.',
      'Kept in this browser are the theme and the language that you chose, how often you guessed right, and the page’s own files, so that it works without a network.', 'The camera runs only while you see its picture, and none of its pictures is kept.',
    ],
    code: 'Backlight’s code is under the MIT licence.', networks: 'Tiny VGG, the network of 200 classes and those with planted captions were trained on Tiny ImageNet (Stanford CS231n), a subset of ImageNet (Deng et al. 2009): for non-commercial research and education only. Fashion was trained on Fashion-MNIST (Zalando Research), MIT licence.',
    software: 'Inside: Svelte, Workbox and qrcode-generator (MIT), stb_image (public domain), musl and Emscripten’s library (MIT); formulas were set with Temml (MIT).', pictures: (n) => `${n} pictures and who made them`,
  },
  offline: {
    title: 'Everything offline', now: 'The page, its code, Tiny VGG and twelve pictures are on this device already. There is more:',
    groups: { models: (n, size) => `${n} networks and what belongs to them, ${size} MB`, samples: (n, size) => `${n} files of pictures, ${size} MB` }, have: (here, all) => `${here} of ${all} MB are on this device.`, complete: 'Everything is on this device.',
    fetch: (size) => `Fetch ${size} MB`, file: 'Or one file to take along', trouble: 'Not all could be fetched. What came is kept; try again when there is a network.', impossible: 'This browser keeps nothing here. Take the one file along.',
  },
  profile: {
    title: (name) => `Where ${name} spends its time`, measuring: 'Measuring …', again: 'Measure again', close: 'Close', layer: 'Layer', forward: 'Forward', backward: 'Backward', ms: 'ms', gflops: 'GFLOP/s', by: 'by', all: 'all',
    how: (passes, objective, module) => `One picture forward, and the gradient of ${objective} back to it, on one core of this device (${module}): means over the faster half of ${passes} passes.`,
    counts: 'A multiply-add of the plain sum counts as two operations, so a kernel that needs fewer, such as Winograd’s, may pass the processor’s limit.', with: (name) => `with ${name}`,
  },
}
