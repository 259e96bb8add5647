// Die Wörter der Ansichten, die später kommen, auf Deutsch.
export const v = {
  cue: {
    learned: 'Vier Netze, dieselben Bilder, andere Aufschriften', trained: (noise) => (noise === null ? 'Ohne Aufschriften trainiert' : noise === 0 ? 'Aufschriften immer richtig' : noise === 1 ? 'Aufschriften ausgelost' : `Aufschriften zu ${Math.round(100 * noise)} % ausgelost`),
    caption: 'Aufschrift', none: 'keine', write: (code, name) => `${code}, die Aufschrift für ${name}`, drag: 'Zieh sie oder nimm die Pfeiltasten. Entf nimmt sie weg.', removed: 'Keine Aufschrift. Im gestrichelten Kasten stand sie.', back: 'Zurück an ihren Ort',
    label: (code, x, y) => `Das Bild mit der Aufschrift ${code} in Spalte ${x}, Zeile ${y}. Pfeile bewegen sie, mit Umschalt um acht Pixel, Entf nimmt sie weg`, labelNone: 'Das Bild ohne Aufschrift',
    pictures: 'Bilder der vier Klassen', stranger: (names) => `Dieses Bild zeigt keine der Klassen: ${names.join(', ')}.`, of: 'Karten für', ofAnswer: 'was das Netz jeweils sagt', column: (n) => `Verfahren der Spalte ${n}`,
    map: (method, network) => `${method}. ${network}`, inBox: 'in der Aufschrift', scale: (area) => `Jede Karte hat ihre eigene Skala. Der Strich im Balken ist der Anteil der Aufschrift am Bild: ${area}.`,
    verdicts: { follows: 'folgt der Aufschrift', picture: 'geht nach dem Bild', neither: 'weder Bild noch Aufschrift', right: 'richtig', wrong: 'falsch' },
    measured: 'Verrät eine Karte, wer der Aufschrift folgt?', measure: 'An den Bildern hier messen', again: 'Noch einmal messen', stop: 'Halt', progress: (a, b) => `${a} von ${b}`,
    network: 'Netz', without: 'richtig ohne Aufschrift', follow: 'folgt einer falschen', followHere: (n) => `folgt ihr hier, von ${n}`, ofTrials: (a, b) => `${a} von ${b}`, rank: 'bringt Netze und Klassen in die Reihe, in der sie folgen (Rangkorrelation)',
    measuredHow: (area) => `Spalten zwei und drei: 200 Bilder der Validierungsmenge, jedes mit allen drei falschen Aufschriften. Dahinter: der Teil der Karte, der in einer falschen Aufschrift liegt, im Mittel über die Bilder hier, für das, was das Netz sagt; ${area} gibt der Zufall. Ein Verfahren taugt hier, wenn seine Spalte mit „folgt“ steigt. Es sind wenige Bilder: kleine Unterschiede bedeuten nichts.`,
    story: 'Der Wolf, der Husky und der Schnee',
    storyText: [
      'Ribeiro, Singh und Guestrin haben mit Absicht einen Klassifikator an Wölfen trainiert, die alle im Schnee standen, und an Huskys, die es nicht taten. Er hatte meistens recht und hatte den Schnee gelernt. Hier ist die Aufschrift der Schnee: ein Teil des Bildes, der mit der Klasse kommt und nicht zu ihr gehört.',
      'Bevor sie eine Erklärung sahen, trauten 10 von 27 Studierenden diesem Klassifikator, und 12 nannten den Schnee als das, wonach er geht. Mit den Erklärungen von LIME neben den Bildern trauten ihm 3, und 25 nannten den Schnee.',
      'Die Trefferquote allein sagt es nicht: mit richtigen Aufschriften hat das zweite Netz immer recht. Nimm die Aufschrift weg, verschieb sie, schreib ein anderes Wort, und es zeigt sich.',
    ],
    askLime: 'Mit LIME erklären, wie sie es taten', source: 'Kim et al. 2018, Interpretability beyond feature attribution (TCAV), Abschnitt 4.3; Ribeiro, Singh, Guestrin 2016, „Why should I trust you?“, Abschnitt 6.4.',
  },
}
