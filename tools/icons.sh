#!/bin/sh
# Renders the application icons from public/icons/icon.svg. Needs rsvg-convert (Debian: librsvg2-bin).
set -eu
cd "$(dirname "$0")/../public/icons"

for side in 192 512; do
    rsvg-convert -w "$side" -h "$side" icon.svg -o "icon-$side.png"
done

# A maskable icon is cut to the system's own shape: its ground fills the square, and the mark stays
# inside the middle circle of 80 % (W3C Web Application Manifest, icon masks), as it does in the drawing.
sed 's/ rx="[0-9]*"//' icon.svg | rsvg-convert -w 512 -h 512 -o maskable-512.png
