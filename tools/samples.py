#!/usr/bin/python3
"""Makes the sample pictures in public/samples/ from photographs that Debian 12 packages carry.

Needs: apt-get install python3-pil python3-zstandard, and package lists that `apt-get update` has fetched.
Run:   tools/samples.py            downloads about 100 MB of packages to a temporary folder and deletes them afterwards
       tools/samples.py --keep DIR keeps packages and their contents in DIR and takes what is already there

Writes one 256x256 JPEG for each row of PICTURES, samples.json in the same order (the page shows them in that order) and
CREDITS.md. With the Pillow of Debian 12 the files come out the same, byte for byte. Only CC0, public domain and CC-BY are
taken: a dream of a picture is an adaptation of it, and share-alike or GPL terms would then bind whoever makes one.
"""

import argparse
import hashlib
import io
import json
import pathlib
import struct
import subprocess
import tempfile
import zlib

import zstandard
from PIL import Image

SIDE = 256
QUALITY = 88
OUT = pathlib.Path(__file__).resolve().parent.parent / "public" / "samples"

# Where each package keeps its pictures. A Qt resource file is written PATH.rcc:FOLDER.
RCC = "usr/share/gcompris-qt/rcc/%s.rcc:gcompris/src/activities/%s/resource"
FOLDERS = {
    "skimage": ("python3-skimage", "usr/lib/python3/dist-packages/skimage/data"),
    "matplotlib": ("python-matplotlib-data", "usr/share/matplotlib/mpl-data/sample_data"),
    "plasma": ("plasma-workspace-data", "usr/share/plasma/avatars/photos"),
    "palapeli": ("palapeli-data", "usr/share/palapeli/collection"),
    "lomiri": ("lomiri-wallpapers-16.04", "usr/share/backgrounds"),
    "world": ("gcompris-qt-data", RCC % (("explore_world_animals",) * 2) + "/animals"),
    "farm": ("gcompris-qt-data", RCC % (("explore_farm_animals",) * 2) + "/animals"),
    "monuments": ("gcompris-qt-data", RCC % (("explore_monuments",) * 2)),
    "erase": ("gcompris-qt-data", RCC % (("erase",) * 2)),
    "sorting": ("gcompris-qt-data", RCC % (("categorization",) * 2) + "/images"),
}

LICENCES = {
    "CC0-1.0": "https://creativecommons.org/publicdomain/zero/1.0/",
    "public domain": "https://creativecommons.org/publicdomain/mark/1.0/",
    "CC-BY-2.0": "https://creativecommons.org/licenses/by/2.0/",
    "CC-BY-4.0": "https://creativecommons.org/licenses/by/4.0/",
}

COMMONS = "https://commons.wikimedia.org/wiki/File:"
PEXELS = "https://www.pexels.com/photo/"

# Name of the sample, folder, file, first 12 digits of the file's SHA-256, crop (left, top, side) in its pixels,
# title, WordNet id and Tiny ImageNet class (None: no such class), author, licence, source.
# The first five show classes of Tiny VGG; for the other five of them no free photograph was found.
PICTURES = [
    ("espresso", "skimage", "coffee.png", "cc02f8ca188b", (95, 0, 380),
     "Cup of espresso", "n07920052", "espresso", "Rachel Michetti", "CC0-1.0",
     "https://scikit-image.org/docs/stable/api/skimage.data.html#skimage.data.coffee"),
    ("koala", "world", "koala.webp", "77b243c27d79", (110, 225, 580),
     "Koala, Perth Zoo", "n01882714", "koala", "BurningWell", "public domain",
     COMMONS + "Koala_Perth_Zoo.jpg"),
    ("red-panda", "erase", "red_panda.webp", "ec755f7b9d89", (540, 60, 940),
     "Red panda", "n02509815", "red panda", "Mathias Appel", "CC0-1.0",
     COMMONS + "Red_Panda_(30324056733).jpg"),
    ("orange", "palapeli", "citrus-fruits.jpg", "0cbd7154a147", (190, 250, 640),
     "Slices of oranges", "n07747607", "orange", "US Department of Agriculture", "public domain",
     COMMONS + "Citrus_fruits.jpg"),
    ("sports-car", "plasma", "Car.png", "6092913504d4", (0, 60, 420),
     "Sports car", "n04285008", "sports car", "Pixabay", "CC0-1.0",
     PEXELS + "action-asphalt-auto-racing-automobile-274974/"),
    ("golden-retriever", "plasma", "Dog.png", "ff0d1599c402", (50, 60, 450),
     "Golden retriever", "n02099601", "golden retriever", "Snapwire", "CC0-1.0",
     PEXELS + "animal-dog-pet-tongue-6877/"),
    ("german-shepherd", "farm", "dog.webp", "5e9d95444957", (150, 0, 768),
     "German shepherd", "n02106662", "German shepherd", "Hans Kemperman", "public domain",
     COMMONS + "German-shepherd-4040871920._(2).jpg"),
    ("tabby-cat", "skimage", "chelsea.png", "596aa1e7cb87", (60, 0, 300),
     "Chelsea the cat", "n02123045", "tabby cat", "Stefan van der Walt", "CC0-1.0",
     "https://scikit-image.org/docs/stable/api/skimage.data.html#skimage.data.chelsea"),
    ("goldfish", "sorting", "fishes/fish25.webp", "a0d5498bf18d", (46, 0, 272),
     "Goldfish", "n01443537", "goldfish", "Necrophorus", "public domain",
     COMMONS + "Goldfisch_1.jpg"),
    ("bee", "palapeli", "european-honey-bee.jpg", "9d54ae706bdd", (180, 240, 800),
     "European honey bee", "n02206856", "bee", "John Severns", "public domain",
     COMMONS + "European_honey_bee_extracts_nectar.jpg"),
    ("bison", "world", "bison.webp", "11f3b2c5b876", (185, 10, 660),
     "American bison", "n02410509", "bison", "Kurt Kaiser", "CC0-1.0",
     COMMONS + "American_Bison_9.jpg"),
    ("military-uniform", "matplotlib", "grace_hopper.jpg", "a8ca6d734765", (0, 30, 512),
     "Grace Hopper in uniform", "n03763968", "military uniform", "US Navy", "public domain",
     "https://github.com/matplotlib/matplotlib/pull/1599"),
    ("alp", "lomiri", "picosdeeuropa_by_Aitzol_Berasategi.jpg", "414d0072b2f6", (1400, 300, 1500),
     "Picos de Europa", "n09193705", "alp", "Aitzol Berasategi", "CC-BY-4.0",
     "https://gitlab.com/ubports/development/core/lomiri-wallpapers"),
    ("suspension-bridge", "palapeli", "cincinnati-bridge.jpg", "09772d09318b", (130, 20, 760),
     "Roebling Suspension Bridge, Cincinnati", "n04366367", "suspension bridge", "Derek Jensen", "public domain",
     COMMONS + "Cincinnati-roebling-suspension-bridge.jpg"),
    ("triumphal-arch", "monuments", "india/gatewayofIndia.webp", "8d1053776a85", (105, 10, 580),
     "Gateway of India, Mumbai", "n04486054", "triumphal arch", "Simon Steinberger", "CC0-1.0",
     COMMONS + "Gateway-of-India.jpg"),
    ("viaduct", "monuments", "france/pontduGard.webp", "b9e560a9ae2f", (190, 90, 560),
     "Pont du Gard", "n04532670", "viaduct", "Mimova", "public domain",
     COMMONS + "Pontdugard.jpg"),
    ("cliff-dwelling", "monuments", "usa/navajo.webp", "fa8d36162b13", (230, 150, 520),
     "Betatakin cliff dwellings", "n03042490", "cliff dwelling", "Jon Sullivan", "public domain",
     COMMONS + "Betatakin_Cliff_Dwellings.jpg"),
    ("hog", "farm", "pig.webp", "4f3d27d1fd3d", (150, 170, 500),
     "Young pig, Samoa", "n02395406", "hog", "Teinesavaii", "public domain",
     COMMONS + "Pig_1,_Savaii,_Samoa.JPG"),
    ("frying-pan", "sorting", "others/pan.webp", "2cfd14f2e636", (25, 0, 239),
     "Cast iron pan", "n03400231", "frying pan", "Suricata", "public domain",
     COMMONS + "Pfanne_(Gusseisen).jpg"),
    ("bee-flying", "erase", "bee.webp", "810de9fea049", (150, 250, 600),
     "Bee in flight", "n02206856", "bee", "aussiegall", "CC-BY-2.0",
     COMMONS + "Pollinationn.jpg"),
    ("tabby-cat-lying", "plasma", "Cat.png", "77b346036fa3", (35, 25, 450),
     "Tabby cat on the floor", "n02123045", "tabby cat", "Skitterphoto", "CC0-1.0",
     PEXELS + "brown-tabby-cat-on-floor-1457595/"),
    ("goldfish-white", "plasma", "Fish.png", "096631b6dce5", (0, 10, 450),
     "Orange and white goldfish", "n01443537", "goldfish", "Skitterphoto", "CC0-1.0",
     PEXELS + "orange-and-white-fish-886210/"),
    ("orange-slice", "palapeli", "citrus-fruits.jpg", "0cbd7154a147", (845, 225, 430),
     "Slice of an orange", "n07747607", "orange", "US Department of Agriculture", "public domain",
     COMMONS + "Citrus_fruits.jpg"),
    ("giant-panda", "world", "panda.webp", "70ccf9a9db50", (200, 0, 680),
     "Giant panda", None, None, "Jeff Kubina", "public domain",
     COMMONS + "Giant_Panda_2004-03-2.jpg"),
    ("lorikeet", "plasma", "Parrot.png", "dab45ab561fe", (60, 40, 440),
     "Rainbow lorikeet", None, None, "Skitterphoto", "CC0-1.0",
     PEXELS + "red-blue-and-green-bird-on-tree-1331819/"),
    ("volleyball", "sorting", "others/volleyball.webp", "33bfa2aa2d23", (0, 0, 320),
     "Beach volleyball", "n04540053", "volleyball", "Amada44", "public domain",
     COMMONS + "Beach_volleyball_ball.png"),
    ("bucket", "sorting", "others/bucket.webp", "671363d9d02c", (0, 60, 245),
     "Wooden milk pail", "n02909870", "bucket", "Daderot", "CC0-1.0",
     COMMONS + "Milk_pail,_America,_1800s,_pine,_ash_-_Concord_Museum_-_Concord,_MA_-_DSC05807.JPG"),
    ("dam", "sorting", "renewable/dam1.webp", "80fac341dc85", (50, 0, 239),
     "Amagase Dam, Japan", "n03160309", "dam", "Damsuki", "public domain",
     COMMONS + "Amagasedam-d6ebeb2d.JPG"),
    ("triumphal-arch-paris", "sorting", "monuments/arcDeTriomphe.webp", "74f0a4c82166", (40, 0, 240),
     "Arc de Triomphe du Carrousel, Paris", "n04486054", "triumphal arch", "Markus Mark", "public domain",
     COMMONS + "Arc_de_Triomphe_du_Carrousel,_Paris_May_2009_001.jpg"),
    ("cow", "farm", "cow.webp", "db359136be5e", (235, 80, 680),
     "Cow", None, None, "Dohduhdah", "public domain",
     COMMONS + "Cow-IMG_2050.JPG"),
    ("sheep", "farm", "sheep.webp", "3bac61d5dabb", (150, 20, 690),
     "Sheep", None, None, "Rob Mitchell", "CC0-1.0",
     COMMONS + "Sheep_(33625876592).jpg"),
    ("duck", "farm", "duck.webp", "fa4572f2022a", (190, 180, 780),
     "Aylesbury duck", None, None, "Bernard Spragg", "CC0-1.0",
     COMMONS + "Aylesbury_Duck._(9373723157).jpg"),
    ("lemur", "world", "lemur.webp", "4fccf91dd5e6", (300, 0, 683),
     "Ring-tailed lemurs", None, None, "Mathias Appel", "CC0-1.0",
     COMMONS + "Lemur_(37122852696).jpg"),
    ("polar-bear", "world", "polar_bear.webp", "0544cef0a7d6", (310, 120, 600),
     "Polar bear, Churchill", None, None, "unknown", "public domain",
     COMMONS + "Churchill_Wildlife_Management_Area_polar_bear30.JPG"),
    ("hedgehog", "world", "hedgehog.webp", "780aceaa6244", (260, 60, 660),
     "Northern white-breasted hedgehog", None, None, "George Chernilevsky", "public domain",
     COMMONS + "Erinaceus_roumanicus_2020_G2.jpg"),
    ("kingfisher", "erase", "kingfisher.webp", "b637658d7e0f", (380, 60, 900),
     "Kingfisher", None, None, "Frank-2.0", "CC0-1.0",
     COMMONS + "Eisvogel_kingfisher.jpg"),
    ("crab", "erase", "crab.webp", "822be2d08adc", (430, 0, 1080),
     "Sally Lightfoot crab", None, None, "Nosferattus", "CC0-1.0",
     COMMONS + "Sally_Lightfoot_Crab_2019.jpg"),
    ("giraffe", "erase", "giraffe.webp", "c39106edc785", (800, 0, 1080),
     "Giraffe", None, None, "Sergio Cambelo", "public domain",
     COMMONS + "Giraffe.JPG"),
    ("air-balloon", "plasma", "Air Balloon.png", "7f7fa070a740", (0, 0, 512),
     "Hot air balloon", None, None, "Skitterphoto", "CC0-1.0",
     PEXELS + "yellow-blue-and-green-hot-air-balloon-flying-near-white-clouds-68806/"),
    ("sunflower", "plasma", "Sunflower.png", "9892108b138a", (20, 20, 470),
     "Sunflower", None, None, "Snapwire", "CC0-1.0",
     PEXELS + "nature-garden-spring-flower-6695/"),
]


def read_rcc(data):
    """Files of a Qt binary resource (version 1 to 3) as {path: bytes}; all numbers in it are big-endian."""
    if data[:4] != b"qres":
        raise SystemExit("not a Qt resource file: it does not start with 'qres'")
    version, tree, blobs, names = struct.unpack_from(">4I", data, 4)
    entry_size = 14 if version < 2 else 22  # from version 2 each entry ends with a time of change
    files = {}

    def walk(index, parent):
        at = tree + index * entry_size
        name_at, flags = struct.unpack_from(">IH", data, at)
        name = ""
        if index:  # the root has no name
            length, = struct.unpack_from(">H", data, names + name_at)
            text_at = names + name_at + 6  # after the length and a hash
            name = data[text_at:text_at + 2 * length].decode("utf-16-be")
        path = (parent + "/" + name).strip("/")
        if flags & 2:
            count, first = struct.unpack_from(">2I", data, at + 6)
            for child in range(first, first + count):
                walk(child, path)
            return
        blob_at = blobs + struct.unpack_from(">I", data, at + 10)[0]
        size, = struct.unpack_from(">I", data, blob_at)
        blob = data[blob_at + 4:blob_at + 4 + size]
        if flags & 1:
            blob = zlib.decompress(blob[4:])  # four bytes of plain size come first
        elif flags & 4:
            blob = zstandard.ZstdDecompressor().decompress(blob)
        files[path] = blob

    walk(0, "")
    return files


def unpack(package, work):
    """Folder with the contents of a Debian package, downloaded unless it is there already."""
    folder = work / package
    if not folder.exists():
        subprocess.run(["apt-get", "download", "-q", package], cwd=work, check=True)
        archive = max(work.glob(package + "_*.deb"))
        subprocess.run(["dpkg", "-x", archive, folder], check=True)
    return folder


class Sources:
    """Bytes of the original photographs; each package and resource file is opened once."""

    def __init__(self, work):
        self.work, self.resources = work, {}

    def read(self, folder, file):
        package, path = FOLDERS[folder]
        root = unpack(package, self.work)
        if ":" not in path:
            return (root / path / file).read_bytes()
        rcc, inside = path.split(":")
        if rcc not in self.resources:
            self.resources[rcc] = read_rcc((root / rcc).read_bytes())
        return self.resources[rcc][inside + "/" + file]


def square(data, crop):
    """The crop as a SIDE x SIDE picture. All sources are opaque sRGB without a rotation mark, so none of that is handled."""
    picture = Image.open(io.BytesIO(data)).convert("RGB")
    left, top, side = crop
    if left + side > picture.width or top + side > picture.height:
        raise SystemExit("crop %s leaves the picture of %dx%d" % (crop, picture.width, picture.height))
    return picture.resize((SIDE, SIDE), Image.Resampling.LANCZOS, (left, top, left + side, top + side))


def credit_table(rows):
    lines = [
        "# Sample pictures: credits",
        "",
        "Made by `tools/samples.py` from photographs in Debian 12 packages; do not edit by hand.",
        "Each photograph was cropped to a square, scaled to %d×%d pixels and saved as JPEG. Those from the GCompris activity"
        % (SIDE, SIDE),
        "\"erase\" (marked ¹) had been cropped and sharpened by GCompris before.",
        "",
        "| file | shows | author | licence | source | Debian package |",
        "|---|---|---|---|---|---|",
    ]
    for name, folder, _, _, _, title, _, _, author, licence, source in rows:
        lines.append("| %s.jpg%s | %s | %s | [%s](%s) | <%s> | %s |" % (
            name, " ¹" if folder == "erase" else "", title, author, licence, LICENCES[licence], source, FOLDERS[folder][0]))
    lines += [
        "",
        "`fashion-mnist.png` holds the first 1,000 test pictures of Fashion-MNIST (Xiao, Rasul and Vollgraf 2017), © 2017 Zalando SE, MIT"
        " licence, from the Debian package dataset-fashion-mnist; `tools/fashion-sheet.py` makes it.",
    ]
    return "\n".join(lines) + "\n"


def main():
    options = argparse.ArgumentParser(description="Make the sample pictures in public/samples/ from Debian packages.")
    options.add_argument("--keep", metavar="DIR", type=pathlib.Path, help="keep the packages here and use what is there")
    keep = options.parse_args().keep
    with tempfile.TemporaryDirectory() as temporary:
        work = keep or pathlib.Path(temporary)
        work.mkdir(parents=True, exist_ok=True)
        sources = Sources(work)
        OUT.mkdir(parents=True, exist_ok=True)
        entries = []
        for name, folder, file, digest, crop, title, wnid, label, author, licence, source in PICTURES:
            data = sources.read(folder, file)
            found = hashlib.sha256(data).hexdigest()[:12]
            if found != digest:  # the crop was chosen on that very file
                raise SystemExit("%s: %s has SHA-256 %s..., expected %s...: look at the picture, its crop and its licence, "
                                 "then change the table" % (FOLDERS[folder][0], file, found, digest))
            square(data, crop).save(OUT / (name + ".jpg"), quality=QUALITY, optimize=True)
            entries.append({"file": name + ".jpg", "title": title, "wnid": wnid, "class": label, "author": author,
                            "licence": licence, "licence_url": LICENCES[licence], "source": source})
    (OUT / "samples.json").write_text(json.dumps(entries, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    (OUT / "CREDITS.md").write_text(credit_table(PICTURES), encoding="utf-8")
    total = sum((OUT / entry["file"]).stat().st_size for entry in entries)
    print("%d pictures, %d bytes" % (len(entries), total))


if __name__ == "__main__":
    main()
