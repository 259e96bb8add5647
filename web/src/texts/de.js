// Every word of the page, in German: the keys of en.js.
import { grouped } from './grouped.js'

export { core } from './de-core.js'
export { retold } from './de-errors.js'

export const t = {
  name: 'Backlight', motto: 'sieh einem Netz bei der Arbeit zu, vorwärts und rückwärts', decimal: ',', notANumber: 'keine Zahl', yes: 'ja', no: 'nein',
  skip: { network: 'Zum Netz', lab: 'Zum Labor', text: 'Zur Erklärung' },
  bar: {
    model: 'Netz', classes: (n) => (n === 1 ? '1 Klasse' : `${grouped(n, 'de')} Klassen`),
    forward: 'Vorwärts', backward: 'Rückwärts', direction: 'Richtung des Lichts', pinned: 'angeheftet', strongest: 'stärkste', gradientOf: 'Gradient von',
    scale: 'Skala', detail: 'Größen und Skalen', detailHint: 'wie groß jede Schicht ist und was ihre Farben bedeuten: Zwischen ihren Enden liegen 99,5 % der Werte', copy: 'Link zu dieser Ansicht kopieren', share: 'Woanders zeigen', copied: 'Link kopiert.', ownPicture: 'Link kopiert. Dein eigenes Bild steckt nicht darin: Es bleibt auf diesem Gerät.',
    copyFailed: 'Dieser Browser erlaubt das Kopieren hier nicht. Der Link steht in der Adresszeile.',
    theme: (dark) => (dark ? 'Helles Design' : 'Dunkles Design'), help: 'Tasten', menu: 'Menü', language: 'Sprache', large: 'Größere Schrift', largeHint: 'für einen Projektor',
    about: 'Über: Datenschutz, Zitieren, Dank',
  },
  embed: {
    figures: { network: 'Das Netz', channel: 'Ein Kanal', number: 'Eine Zahl' },
    here: 'auf diesem Gerät gerechnet', full: 'Ganz öffnen',
  },
  host: { frame: 'Eine Abbildung von Backlight', site: 'In "site" muss stehen, wo Backlight liegt.' },
  link: {
    kept: (what) => `Dieser Link hält ${what} fest.`,
    controls: { model: 'das Netz', picture: 'das Bild', dir: 'die Richtung des Lichts', pin: 'den Ausgangspunkt des Lichts', scale: 'die Skala', lab: 'das Labor', method: 'das Verfahren', params: 'die Parameter', edits: 'die Änderungen von Hand', depth: 'die Tiefe' },
  },
  scales: {
    block: ['Block', 'eine Faltung mit Aktivierung und Pooling'], unit: ['Kachel', 'jede Kachel für sich'], network: ['Netz', 'eine Skala für alle Schichten'],
  },
  pin: {
    title: 'Wovon das Licht ausgeht', find: 'Klasse suchen', strongest: 'die stärkste Klasse', strongestHint: 'folgt dem Bild',
    minusHint: 'A − B: was für die eine Klasse und gegen die andere spricht',
    text: 'Eine Schicht, ein Kanal oder eine Summe, als Text', textHint: (layer) => `${layer} · ${layer}:3 · 0.7*${layer}:1+0.3*${layer}:2`, use: 'Nehmen', noClass: 'Keine Klasse heißt so.',
    layer: (name) => `${name}, alle Kanäle`, channel: (name, k) => `${name}, Kanal ${k + 1}`, unit: (name, k, r, c) => `${name}, Kanal ${k + 1}, Zeile ${r}, Spalte ${c}`,
    looked: 'Was du zuletzt angesehen hast',
  },
  picture: {
    title: 'Bild', photo: 'Foto', input: 'Eingabe', gradient: '∂', gradientName: 'Gradient', which: 'Was gezeigt wird', file: 'Datei', add: 'Datei wählen', more: (n) => `${n} weitere`, fewer: 'weniger',
    hint: 'Oder ein Bild irgendwo fallen lassen oder einfügen. Es bleibt auf diesem Gerät.', sum: 'Summe über die Farben', drop: 'Loslassen, um dieses Bild zu nehmen', stays: 'Es bleibt auf diesem Gerät.',
    credits: (s) => `${s.title}. ${s.author}, ${s.licence}`, strip: 'Mitgelieferte Bilder', change: 'Wechseln', inputSize: (w, h) => `${w}×${h}, wie das Netz es bekommt`,
    pads: { pad: 'Ein leeres Blatt', 'pad-black': 'Ein schwarzes Blatt' },
    absent: (name) => `Von „${name}“ liegt kein freies Foto bei. Nimm ein eigenes: Es bleibt auf diesem Gerät.`,
  },
  readout: {
    channel: (k, n) => `Kanal ${k} von ${n}`, short: (k, n) => `${k} von ${n}`, place: (r, c) => `Zeile ${r}, Spalte ${c}`, lowest: 'kleinster', mean: 'Mittel', highest: 'größter', forward: 'vorwärts', backward: 'rückwärts',
  },
  network: {
    label: 'Netz', strip: (name, op, shape, n) => `${name}${op ? ', ' + op : ''}, ${shape}, ${n} Kanäle gezeigt`,
    tile: (name, op, k, n, s) => `${name}${op ? ', ' + op : ''}, Kanal ${k} von ${n}. Mittel ${s.mean}, größter ${s.high}, ${s.above} Prozent über null`,
    showing: (few, all) => `${few} von ${all} gezeigt`, more: (n) => `+${n}`, light: 'Stärke jeder Schicht, quadratisches Mittel',
    zero: (name) => `Ab ${name} ist der Gradient 0: Nichts gibt ihn dort bei diesem Bild weiter.`,
    front: 'Die Front des Lichts', pause: 'Anhalten', play: 'Weiter', step: 'Eine Schicht weiter', skip: 'Ans Ende', layerOf: (k, n) => `Schicht ${k} von ${n}, Größe`,
    openLayer: (name, few, all) => `${name}: ${few} von ${all} gezeigt. Öffnen`, openAll: (n) => `Öffnen: alle ${n} Kanäle`, openBlock: (n) => `Den Block öffnen: ${n} Schichten`, closeLayer: 'Diese Schicht schließen',
    blocks: (n, m) => `${n} Schichten in ${m} Spalten: Was sich wiederholt, ist ein Block. Die Zahl darunter öffnet ihn.`,
    rests: (n) => `${n} weitere `, opened: (name) => `${name}, geöffnet`, shownAs: (n, kinds) => `${n} Schichten als eine gezeigt: ${kinds}`, layer: 'Schicht', close: 'Schließen', of: (a, b) => (a < b ? `${a} von ${b}` : `${b}`),
    page: (k, n) => `Seite ${k} von ${n}`, silent: (n) => `${n} stumm`, jump: 'Kanal', before: (n) => `${n} zurück`, next: (n) => `${n} weiter`,
    rest: (n, share, name) => `${n} weitere machen ${share} % des Beitrags zu ${name} aus`, bars: (n, name, high, low) => `Was jeder der ${n} Kanäle zu ${name} beiträgt: von ${high} bis ${low}`,
    barsLeft: (n, name) => `alle ${n} Kanäle, die stärksten für ${name} links`, barsRight: 'rechts die dagegen',
    folded: (n) => `${n} Schichten, eine Spalte je Block`, sort: 'Ordnen', sorts: { index: ['Nummer', 'wie in der Datei'], contribution: ['Beitrag', 'zum angehefteten Ziel'], mean: ['mittlere Antwort', 'auf dieses Bild'] },
    enlarge: 'Im Labor vergrößern', pinLayer: 'Diese Schicht anheften', stands: (names) => `steht für ${names}`,
  },
  history: {
    label: 'Training', open: 'Beim Training zusehen', at: (step, epoch) => (step === 0 ? 'Vor dem Training: zufällige Gewichte' : `Nach Schritt ${step}, Epoche ${epoch}`), end: (step, epoch) => `Trainiert: Schritt ${step}, Epoche ${epoch}`,
    play: 'Training abspielen', pause: 'Pause', next: 'Ein Bild weiter', refused: (why) => `Die Geschichte des Trainings wurde nicht übernommen: ${why}`,
  },
  examples: {
    title: 'Was ihn am stärksten bewegt', bundled: 'In den Bildern hier suchen', own: 'In meinen Bildern suchen', stop: 'Halt',
    place: (name, row, column, value) => `${name}, Zeile ${row}, Spalte ${column}: ${value}`,
    progress: (n, all) => `${n} von ${all} Bildern`, silent: 'Keines der Bilder bewegt ihn.',
    skipped: (n) => (n === 1 ? '1 Datei ließ sich nicht als Bild lesen.' : `${n} Dateien ließen sich nicht als Bilder lesen.`),
    none: 'Unter diesen Dateien ist kein Bild (JPEG, PNG, GIF, BMP).',
  },
  prediction: {
    openScore: 'Seinen Wert öffnen', openShare: 'Softmax',
    was: (p) => `vor den Änderungen: ${p}`, title: 'Vorhersage', probability: 'Wahrscheinlichkeit, 0 bis 1', scores: 'Werte, keine Wahrscheinlichkeiten', sigmoid: 'Wahrscheinlichkeit jeder einzelnen, 0 bis 1', seed: 'Ursprung', seedHint: 'wo das Licht beginnt',
    seedAt: (name) => `das Licht beginnt bei ${name}`, more: (n) => `${grouped(n, 'de')} weitere Klassen.`, find: 'Klasse suchen', spoken: (label, p) => `Vorhersage: ${label}, ${p}`,
  },
  text: {
    see: 'Was du siehst', formula: 'Als Formel', tryThis: 'Probier das', care: 'Vorsicht', label: 'Erklärung',
    forward: 'Licht geht vom Bild zur Vorhersage. Jede Kachel ist ein Kanal, *blau* über null, _rot_ darunter, leer, wo er schweigt. Das Band oben ist die Stärke jeder Schicht.',
    backward: (name) => `Das Licht umgedreht: was eine kleine Änderung hier mit dem Wert von <b>${name}</b> täte: *Bernstein* würde ihn heben, _Violett_ ihn senken.`,
    opened: (name) => `Alle Kanäle einer Schicht, jeder mit seiner Nummer und dem, was er zum Wert von <b>${name}</b> beiträgt, *dafür* oder _dagegen_.`,
    guess: (layer, n, name) => `Welcher der ${n} Kanäle von <b>${layer}</b> spricht am meisten für ${name}? Rate, dann folge der breitesten Linie.`, check: 'Prüfen, ob ich recht habe',
    answer: (k, share) => `Kanal ${k} spricht am meisten dafür, mit ${share} von allem, was dafür oder dagegen spricht.`,
    method: (title, purpose, name) => `<b>${title}</b>: ${purpose}.${name ? ` Hier gefragt nach <b>${name}</b>.` : ''}`,
    gradientCare: 'Ein Gradient sagt, was eine winzige Änderung täte, nicht, worauf das Netz geschaut hat.', showMe: 'Zeig mir seinen Weg, Schicht für Schicht',
    groups: {
      maps: {
        see: () => 'Eine Schicht, vergrößert: Jeder Kanal ist eine Karte, alle mit einer Skala, *blau* über null und _rot_ darunter. Der Wert unter dem Zeiger ist die Zahl, die die Schicht dort gibt.',
        formula: 'forward', title: 'Probier das', act: 'Finde einen Kanal, der auf Kanten antwortet, und suche ihn dann in der nächsten Schicht.',
      },
      saliency: {
        see: (name) => `Derselbe Rückweg wie im Netz, an seinem Ende gezeichnet: wie sehr sich der Wert von <b>${name}</b> bewegt, wenn sich ein Pixel ein wenig ändert.`,
        formula: 'backward', title: 'Vorsicht', act: 'Groß heißt empfindlich, nicht wichtig. Sieh dir die Karte allein an, bevor du sie über dem Foto ansiehst.',
      },
      attack: {
        see: () => 'Der Rückweg sagt für jeden Farbwert, wohin man ihn schieben muss. Rauschen derselben Größe zeigt, dass nicht die Größe zählt, sondern die Richtung.',
        formula: 'method', title: 'Probier das', act: (name) => `Finde das kleinste ε, mit dem aus diesem Bild (${name}) noch etwas anderes wird.`, link: 'Bei 0 anfangen',
      },
      edit: {
        see: () => 'Alles hinter einer Änderung folgt ihr. Eine Kachel mit farbiger Ecke ist anders als vorher; die Marke in einem Balken ist die Wahrscheinlichkeit davor.',
        formula: 'forward', title: 'Probier das', act: 'Radiere, was du für wichtig hältst, bis die Vorhersage fällt. Dann radiere anderswo ebenso viel.',
      },
      play: {
        see: () => 'Ein Kern gleitet über ein Bild: Jede Zahl der Ausgabe ist die Summe der Produkte im Fenster. Hier ist nichts gelernt, alle Zahlen sind deine.',
        formula: 'play', title: 'Probier das', act: 'Finde neun Zahlen, die nur senkrechte Kanten übrig lassen. Dann mach die Ausgabe halb so breit.',
      },
      cue: {
        see: () => 'Ein Wort im Bild kommt mit der Klasse und gehört nicht zu ihr: ein Köder. Welches Netz ihn statt des Bildes gelernt hat, ist hier bekannt; so sieht man, was Karten taugen.',
        formula: 'cue', title: 'Probier das', act: 'Sag erst, welches der vier Netze dem Wort folgt; dann nimm es weg, verschieb es oder schreib ein anderes.',
      },
      classes: {
        see: () => 'Was jeder Kanal im Mittel auf die Bilder der einen Klasse antwortet, und auf die der anderen. Wo beides auseinandergeht, unterscheidet das Netz sie.',
        formula: 'classes', title: 'Versuch es', act: 'Nimm zwei Klassen, die oft verwechselt werden. In welcher Schicht gehen sie endlich auseinander?',
      },
      guess: {
        see: () => 'Die Seite fragt, bevor sie zeigt. Wer zuerst gesagt hat, wo das Netz hinsah oder welches ehrlich ist, sieht an der Antwort, was eine Karte dazugibt und was man nur zu sehen glaubte.',
        formula: 'above', title: 'Vorsicht', act: 'Eine Karte, die dir recht gibt, kann trotzdem falsch sein: Du und die Karte, ihr ratet beide, was das Netz tut.',
      },
      dream: {
        see: () => 'Wieder der Rückweg, doch jetzt bewegt sich das Bild: Jeder Schritt fügt ein wenig vom Gradienten hinzu, sodass die Schicht stärker antwortet.',
        formula: 'method', title: 'Probier das', act: 'Träume stattdessen von einer frühen Schicht, und sag vorher, was du erwartest.', link: 'Zur ersten Schicht',
      },
    },
  },
  lab: {
    label: 'Labor', close: 'Das Labor schließen', edit: 'Ändern', play: 'Kern', cue: 'Köder', classes: 'Klassen', guess: 'Raten', maps: 'Karten', saliency: 'Salienz', attack: 'Angriff', dream: 'Traum', other: 'Mehr', method: 'Methode', run: 'Los', again: 'Noch einmal', stop: 'Halt',
    range: (title, least, most, kept) => `${title} geht von ${least} bis ${most}. Geblieben ist: ${kept}.`, whole: (title, kept) => `${title} ist eine ganze Zahl. Geblieben ist: ${kept}.`, left: (s) => `noch ${s}`, of: (a, b) => [a, ` von ${b}`], stopped: (a, b) => `angehalten bei ${a} von ${b}`,
    passes: (cost) => `${cost} (F: Durchgang vorwärts, B: rückwärts)`, dice: 'Ein anderer Zufall', none: 'keine', automatic: 'automatisch', untargeted: 'keine: irgendeine andere Klasse',
    map: 'Karte', over: 'über Foto', shown: 'Wie es gezeigt wird', png: 'PNG', csv: 'CSV', place: (r, c) => `Zeile ${r}, Spalte ${c}`, notRun: 'Noch nicht gerechnet.', failed: 'Das ging nicht',
    legend: (of, params, forwards, backwards) => `${of ? `Für ${of}. ` : ''}${params ? `${params}. ` : ''}${forwards} vorwärts, ${backwards} rückwärts.`, end: (p) => `die Skala endet beim ${String(p).replace('.', ',')}. Perzentil`,
    zero: 'Die Karte ist null.', stale: (key, value) => `alt: ${key} ist jetzt ${value}`, stalePicture: 'alt: jetzt ein anderes Bild', staleObjective: 'alt: jetzt ein anderes Ziel', staleWeights: 'alt: jetzt andere Gewichte', channel: (k, n) => `Kanal ${k} von ${n}`, pick: 'Kanal wählen',
    unedited: 'Methoden arbeiten mit dem Netz, wie es geöffnet wurde: Von Hand geänderte Kanäle und Kerne sind nicht darin.', keep: 'Daneben behalten', kept: 'Behalten, unter einem Zeiger', drop: (what) => `Wegnehmen: ${what}`, oneScale: (v) => `eine Skala, ±${v}`, ownScale: (v) => `eigene Skala, ±${v}`,
    showing: (a, b) => `${a} von ${b} gezeigt`, closer: 'Näher', farther: 'Weiter weg', whole: 'Die ganze Karte',
  },
  edit: {
    count: (n) => (n === 0 ? 'Nichts ist geändert' : n === 1 ? '1 Änderung' : `${n} Änderungen`), undo: 'Zurücknehmen', all: 'Alles zurücknehmen', was: 'vorher', now: 'jetzt',
    diff: 'den Unterschied zeigen', picture: 'Auf dem Bild malen', channels: 'Kanäle abschalten', channelsHint: 'Ein abgeschalteter Kanal antwortet überall 0. Wähle einen, um ihn umzuschalten.', kernel: (name) => `Einen Kern von ${name} ändern`, list: 'Was im Netz geändert ist',
    pad: (w, h) => `Das Bild, wie das Netz es bekommt, ${w}×${h}. Ziehen malt; Pfeile bewegen den Pinsel, die Leertaste malt, Plus und Minus ändern seine Größe`, padHint: 'Ziehen malt, das Mausrad ändert den Pinsel. Mit der Tastatur: Pfeile, Leertaste, + und −.',
    colour: 'Womit gemalt wird', colours: { mean: 'Radieren: die mittlere Farbe', '000000': 'schwarz', ffffff: 'weiß', 808080: 'grau', d03020: 'rot', '30a040': 'grün', '3060d0': 'blau', f0c020: 'gelb' }, brush: 'Pinsel',
    from: 'von Kanal', to: 'zu Kanal', ofAll: (n) => `von ${n}`, kernelHint: (limit) => `Petrol hebt, Braun senkt; die stärkste Farbe ist ${limit}.`, trained: 'Wie gelernt', large: (h, w) => `Ein Kern von ${h}×${w} ist zu groß, um ihn von Hand zu ändern.`,
    kernelOf: (name, i, o) => `Kern von ${name} von Kanal ${i} zu ${o}`, off: (k, name) => `Kanal ${k} von ${name} ist abgeschaltet.`, on: (k, name) => `Kanal ${k} von ${name} ist wieder an.`, meaned: (k, name) => `Kanal ${k} von ${name} ist überall sein Mittel.`, scaled: (k, name, f) => `Kanal ${k} von ${name} mal ${f}.`,
  },
  play: {
    names: { size: 'Eingabe', k: 'Kern', stride: 'Schrittweite', pad: 'Rand', dilation: 'Dehnung' }, meanings: { size: 'Höhe und Breite der Eingabe', k: 'Höhe und Breite des Kerns', stride: 'wie weit sich das Fenster jedes Mal bewegt', pad: 'Zellen um die Eingabe, die als 0 zählen', dilation: 'wie weit die Zellen des Fensters auseinanderliegen' },
    input: 'Eingabe', kernel: 'Kern', output: 'Ausgabe', padded: (n, p) => `${n}×${n}, mit ${p} Rand`, fitsNot: 'Das passt nicht', why: (n, p, r) => `Das Fenster reicht über ${r} Zellen; die Eingabe hat ${n}${p ? ` und auf jeder Seite ${p} Rand` : ''}.`,
    place: (r, c) => `Ausgabe Zeile ${r}, Spalte ${c} ist die Summe der Produkte im Fenster:`, padding: 'Schraffierte Zellen sind Rand und zählen als 0.',
    size: (p, reach, out) => `(${p.size} + 2·${p.pad} − ${reach}) / ${p.stride}, abgerundet, + 1 = ${out} Zeilen und Spalten.`,
  },
  kernels: { identity: 'nichts', blur: 'weichzeichnen', sharpen: 'schärfen', upright: 'senkrechte Kanten', level: 'waagerechte Kanten', outline: 'Umriss', emboss: 'Relief', zero: 'null' },
  table: {
    open: 'Tabelle', cells: (h, w) => `${h} Zeilen, ${w} Spalten`, means: (h, w, r, c) => `${h} Zeilen und ${w} Spalten, als Mittel von Teilen aus ${r}×${c}; jeder heißt nach seiner ersten Zeile und Spalte`, row: 'Zeile', close: 'Schließen',
    extremes: ([low, r0, c0], [high, r1, c1]) => `Kleinster Wert ${low} in Zeile ${r0}, Spalte ${c0}; größter ${high} in Zeile ${r1}, Spalte ${c1}.`,
  },
  crop: {
    short: 'Ausschnitt', title: 'Den Teil wählen, den das Netz bekommt', label: (x, y, n) => `Ein Quadrat von ${n} Pixeln bei Spalte ${x}, Zeile ${y}. Pfeile bewegen es, Plus und Minus ändern seine Größe`, input: 'Die genaue Eingabe des Netzes',
    from: (n, x, y) => `aus ${n}×${n} Pixeln bei ${x}, ${y}`, size: 'Größe', middle: 'Die Mitte', done: 'Fertig',
  },
  camera: {
    name: 'Kamera', title: 'Kamera', keep: 'Dieses behalten', live: (rate) => (rate ? `Live, ${rate.toFixed(0)} Bilder in der Sekunde. Sie bleiben auf diesem Gerät.` : 'Live. Die Bilder bleiben auf diesem Gerät.'),
    reasons: {
      none: 'Hier gibt es keine Kamera.', insecure: 'Eine Kamera braucht eine Adresse, die mit https beginnt.', embedded: 'Die Seite, in der diese Figur steht, erlaubt die Kamera nicht.', refused: 'Die Kamera wurde nicht erlaubt. Die Adresszeile des Browsers kann sie erlauben.',
      busy: 'Die Kamera lässt sich nicht benutzen; vielleicht hat ein anderes Programm sie.', lost: 'Die Kamera wurde abgezogen.',
    },
  },
  model: {
    refused: 'Dieses Netz lässt sich nicht öffnen', stays: (name) => `${name} bleibt offen.`, close: 'Schließen', setup: 'Wie will dieses Netz seine Bilder?', labels: 'Namen der Klassen, einer je Zeile', labelsHint: (n) => `${n} Klassen. Ohne Namen heißen sie class 0, class 1, …`,
    setupAgain: 'Die Datei sagt, wie sie ihre Bilder will. Probier es anders; die Vorhersage folgt.',
    setupText: 'Dieses Netz sagt nicht, wie es seine Bilder will. Probier es aus; die Vorhersage unten folgt.', presets: { unit: '0 … 1', imagenet: 'ImageNet', signed: '−1 … 1', caffe: '0 … 255, BGR' }, use: 'Nehmen', opened: (name) => `${name} ist offen.`,
  },
  toast: { close: 'Schließen', stays: (name) => `${name} bleibt.` },
  states: {
    noSimd: 'Dieser Browser kann den Code von Backlight nicht ausführen', noSimdText: 'Er braucht WebAssembly SIMD: Chrome 91, Firefox 89, Safari 16.4 oder neuer.', failed: 'Backlight konnte nicht starten', nan: 'Mit den Zahlen stimmt etwas nicht', update: 'Eine neue Fassung ist da.', reload: 'Neu laden', missing: 'Diese Ansicht ließ sich nicht laden. Das Netz ist vielleicht weg, oder die Seite ist älter als ihr Server.', again: 'Noch einmal',
  },
  keys: {
    title: 'Tasten', close: 'Schließen',
    list: [[['←', '→', '↑', '↓'], 'von Kachel zu Kachel'], [['[', ']'], 'Schicht davor, Schicht danach'], [['Pos1', 'Ende'], 'erste Kachel, letzte Kachel'], [['Eingabe'], 'den Kanal öffnen, dann die Zahl'], [['Leertaste'], 'das Fenster gleiten lassen'], [['B'], 'das Licht umdrehen'], [['P'], 'nächstes Bild'], [['L'], 'das Labor öffnen oder schließen'], [['/'], 'Klasse suchen'], [['O'], 'den angesehenen Kanal anheften'], [['X'], 'diesen Kanal abschalten'], [['U'], 'eine Änderung zurücknehmen'], [['T'], 'die angesehene Karte als Tabelle'], [['Esc'], 'einen Schritt hinaus'], [['?'], 'diese Liste']],
  },
  tabs: { network: 'Netz', lab: 'Labor', read: 'Lesen' },
}

export const elsewhere = {
  poster: {
    title: 'Eine Abbildung von Backlight', start: (size) => `Starten (${size} MB)`, stays: 'Sie wird auf diesem Gerät gerechnet; nichts wird irgendwohin gesandt.',
    what: 'Licht geht durch ein Netz vom Bild zur Vorhersage, und zurück.', bare: 'Diese Seite hält die Abbildung für sich, darum kommt alles als eine Datei. Kamera und Gemerktes gibt es hier nicht.',
    noscript: 'Backlight rechnet jedes Bild auf deinem Gerät und braucht dafür JavaScript und WebAssembly.',
  },
}
