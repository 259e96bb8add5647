// Die Wörter der Ansichten, die später kommen, auf Deutsch.
export const v = {
  sanity: {
    title: 'Gegenprobe: andere Klasse, verwürfelte Gewichte', other: 'Dasselbe für', run: 'Prüfen: dasselbe noch zweimal', rank: 'Rangkorrelation der Beträge mit der Karte oben', unchecked: 'Noch nicht geprüft.', scale: (v) => `eigene Skala, 0 bis ${v}`,
    slider: 'Gewichte neu gezogen vom Ausgang hinab bis', down: (name, k, n) => (k === n ? `Alle ${n} Schichten mit neu gezogenen Gewichten` : `Gewichte neu gezogen vom Ausgang hinab bis ${name}, ${k} von ${n} Schichten`),
    mapOther: (name) => `Die Karte für ${name}`, mapScrambled: 'Die Karte mit neu gezogenen Gewichten', none: 'Eine der Karten ist überall dieselbe Zahl: Es gibt keine Reihenfolge zu vergleichen.',
    others: ['Andere Klasse, andere Karte.', 'Die Karten haben einen Teil gemeinsam. Was gemeinsam ist, spricht nicht für diese Klasse.', 'Fast dieselbe Karte für eine andere Klasse: Sie unterscheidet die Klassen kaum.'],
    scrambled: ['Die Karte ändert sich mit den Gewichten, wie sie soll. Notwendig, nicht hinreichend.', 'Die Karte ändert sich nur zum Teil. Unklar.', 'Die Karte ändert sich kaum: Sie kann nicht zeigen, was gelernt wurde.'],
  },
  attack: {
    original: 'Vorlage', perturbation: (gain) => `Störung ×${gain}`, grey: 'grau = unverändert', result: 'Ergebnis', asSaved: '8 Bit, wie gespeichert', target: 'Ziel', race: 'Das Rennen', over: (n) => (n === 1 ? 'ein Schritt' : `über ${n} Schritte`), changed: 'geändert',
    epsilon: (range, visible) => `so viel darf sich jeder Farbwert höchstens ändern; etwa ${range} % des Bereichs, ${visible}`, visible: ['nichts', 'kaum zu sehen', 'gerade zu sehen', 'zu sehen'], noise: 'Zufälliges Rauschen, gleiches ε', noiseText: (e) => `Jeder Wert zufällig um bis zu ${e}/255 verschoben.`,
    flicker: 'Blinken', noiseGain: (g) => `Rauschen ×${g}`, noisePicture: 'Bild + Rauschen', step: 'Schritt', after: 'Danach', use: 'Als Bild nehmen',
  },
  dream: {
    strength: (name) => `Stärke von ${name}`, since: (x) => [`×${x}`, ' seit dem Anfang, logarithmisch'], octave: (n) => `Oktave ${n}`, compare: 'Mit dem Foto vergleichen', photo: 'Foto', objective: 'Traum von', channel: 'Kanal', all: 'alle',
    empty: '„Los“ beginnt mit dem Bild links und lässt die Schicht es verändern.', film: 'Wie es wuchs',
  },
  guess: {
    kind: 'Art der Frage', kinds: { where: 'Wo hat es hingesehen?', honest: 'Welches ist ehrlich?' }, by: 'nach', thinking: 'Das Netz sieht sich ein Bild an …',
    where: (name) => `Das Netz sagt: ${name}. Welche Stelle spricht am meisten dafür?`, how: 'Markier eine Stelle im Bild: klick, tipp oder nimm die Pfeiltasten.', sure: 'Noch ein Klick verschiebt die Marke. Dann sieh die Karte an.', show: 'Karte zeigen', next: 'Nächste Frage',
    unmarked: (title) => `${title}. Keine Stelle ist markiert. Pfeiltasten markieren eine, Eingabe zeigt die Karte`, marked: (title, r, c) => `${title}. Markiert: Zeile ${r}, Spalte ${c}. Pfeile bewegen die Marke, mit Umschalt um acht, Eingabe zeigt die Karte`,
    map: (method, name) => `${method}, für ${name}`, result: (hit, part) => (hit ? `Richtig: deine Stelle liegt über ${part} des Bildes.` : `Woanders: deine Stelle liegt nur über ${part} des Bildes.`), legend: 'Der Ring ist deine Stelle, das gestrichelte Quadrat die stärkste. Richtig ist das stärkste Fünftel der Karte.',
    honest: (bare) => (bare ? 'Beide haben dieses Bild gesehen. Eines geht nach dem Bild, das andere nach dem Wort in der Ecke. Ohne Karten: Welches geht nach dem Bild?' : 'Beide haben dieses Bild gesehen. Eines geht nach dem Bild, das andere nach dem Wort in der Ecke. Welches geht nach dem Bild?'),
    side: (i) => `Netz ${'AB'[i]}`, says: (name, p) => `sagt ${name}, ${p}`, thisOne: (i) => `${'AB'[i]} geht nach dem Bild`, mapOf: (method, side) => `${method} von ${side}`, withWrong: (code, name, p) => `Mit ${code} in der Ecke sagt es ${name}, ${p}.`, wrongPicture: (code) => `Dasselbe Bild mit ${code} in der Ecke`,
    honestResult: (right, i) => (right ? `Richtig: ${'AB'[i]} geht nach dem Bild.` : `Nein: ${'AB'[i]} geht nach dem Bild.`), honestWhy: (bare) => (bare ? 'Mit dem richtigen Wort in der Ecke haben beide recht; nichts von dem, was sie sagen, unterscheidet sie. Die nächste Frage kommt mit Karten.' : 'Die Karten konnten es dir sagen. Die nächste Frage kommt ohne sie: Wird dein Ergebnis schlechter?'),
    score: 'Dein Ergebnis', of: (a, b) => `${a} von ${b}`, scores: { where: { name: 'Wo hat es hingesehen?', chance: 0.2, chanceText: 'Zufall: 1 von 5' }, bare: { name: 'Welches ist ehrlich, ohne Karten', chance: 0.5, chanceText: 'Zufall: 1 von 2' }, maps: { name: 'Welches ist ehrlich, mit Karten', chance: 0.5, chanceText: 'Zufall: 1 von 2' } },
    kept: 'Auf diesem Gerät bleiben diese sechs Zahlen und sonst nichts.', forget: 'Vergessen',
  },
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
  share: {
    title: 'Woanders zeigen', what: 'Zeige', page: 'die ganze Seite', heading: 'mit der Überschrift', height: 'Höhe', may: 'Was Besucher ändern dürfen', free: 'frei', lock: 'fest', hide: 'weggelassen',
    flags: { model: 'Netz', picture: 'Bild', dir: 'Richtung', pin: 'Ausgangspunkt des Lichts', scale: 'Skala', lab: 'Einträge des Labors', method: 'Verfahren', params: 'Parameter', edits: 'Änderungen von Hand', depth: 'tiefer gehen', title: 'Überschrift', text: 'Erklärung', readout: 'Wert unter dem Zeiger', prediction: 'Vorhersage', tools: 'Link, Farben, Tasten' },
    codes: { link: 'Link', frame: 'Ein Rahmen für eine Kursseite', element: 'Ein Element, so hoch wie nötig' }, copy: 'Kopieren', copied: 'Kopiert', copyFailed: 'Dieser Browser erlaubt das Kopieren hier nicht. Der Text ist markiert: Kopiere ihn von Hand.',
    qr: 'QR-Code', qrLong: 'Dieser Link ist zu lang für einen Code, den eine Kamera liest.', png: 'Ansicht als PNG', svg: 'Ansicht als SVG', notSaved: 'Dieser Browser konnte das Bild nicht machen.',
    own: 'Dein eigenes Bild oder Netz ist nicht im Link: Es bleibt auf diesem Gerät.', of: (network, picture, pin) => `${network}, ${picture}; ${pin}.`, madeWith: (url) => `Gemacht mit Backlight, ${url}`,
  },
  about: {
    title: 'Über Backlight', privacy: 'Datenschutz', cite: 'So wird zitiert', credits: 'Dank und Lizenzen', authors: 'The Backlight authors', version: (v) => `Version ${v}`, methods: 'Woher die Verfahren kommen',
    sentences: [
      'Alles wird auf diesem Gerät gerechnet: deine Bilder, deine Netze und die Ergebnisse verlassen es nie.', 'Die Seite fragt keinen Server nach etwas anderem als ihren eigenen Dateien, und nach denen nur dort, woher sie kam.', 'Es gibt keine Cookies und keine Konten, und niemand zählt Besuche.',
      'In diesem Browser gemerkt werden die Farben und die Sprache, die du gewählt hast, wie oft du richtig geraten hast, und die eigenen Dateien der Seite, damit sie ohne Netz geht.', 'Die Kamera läuft nur, solange du ihr Bild siehst, und keines ihrer Bilder wird behalten.',
    ],
    code: 'Der Code von Backlight steht unter der MIT-Lizenz.', networks: 'Tiny VGG, das Netz mit 200 Klassen und die Netze mit eingebauten Bildunterschriften wurden mit Tiny ImageNet (Stanford CS231n) trainiert, einer Teilmenge von ImageNet (Deng et al. 2009): nur für nichtkommerzielle Forschung und Lehre. Fashion wurde mit Fashion-MNIST (Zalando Research) trainiert, MIT-Lizenz.',
    software: 'Darin: Svelte, Workbox und qrcode-generator (MIT), stb_image (gemeinfrei), musl und die Bibliothek von Emscripten (MIT); Formeln wurden mit Temml (MIT) gesetzt.', pictures: (n) => `${n} Bilder und wer sie gemacht hat`,
  },
  offline: {
    title: 'Alles ohne Netz', now: 'Die Seite, ihr Code, Tiny VGG und zwölf Bilder sind schon auf diesem Gerät. Es gibt mehr:',
    groups: { models: (n, size) => `${n} Netze und was dazu gehört, ${size} MB`, samples: (n, size) => `${n} Dateien mit Bildern, ${size} MB` }, have: (here, all) => `${here} von ${all} MB sind auf diesem Gerät.`, complete: 'Alles ist auf diesem Gerät.',
    fetch: (size) => `${size} MB holen`, file: 'Oder eine Datei zum Mitnehmen', trouble: 'Nicht alles konnte geholt werden. Was kam, bleibt; versuch es wieder, wenn ein Netz da ist.', impossible: 'Dieser Browser behält hier nichts. Nimm die eine Datei mit.',
  },
  profile: {
    title: (name) => `Womit ${name} seine Zeit verbringt`, measuring: 'Wird gemessen …', again: 'Noch einmal messen', close: 'Schließen', layer: 'Schicht', forward: 'Vorwärts', backward: 'Rückwärts', ms: 'ms', gflops: 'GFLOP/s', by: 'mit', all: 'alle',
    how: (passes, objective, module) => `Ein Bild vorwärts, und der Gradient von ${objective} zu ihm zurück, auf einem Kern dieses Geräts (${module}): Mittel über die schnellere Hälfte von ${passes} Durchgängen.`,
    counts: 'Ein Malnehmen mit Addieren der einfachen Summe zählt als zwei Rechnungen; ein Verfahren, das weniger braucht (wie das von Winograd), kann daher über die Grenze des Prozessors kommen.', with: (name) => `mit ${name}`,
  },
}
