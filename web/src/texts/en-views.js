// The words of views that come later, in English. Another language is another file with the same keys.
export const v = {
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
}
