// One file per kind of result; a new kind is one file and one line here. Each gets { result, job, photo }.
import Bars from './Bars.svelte'
import MapResult from './Map.svelte'
import Picture from './Picture.svelte'
import Series from './Series.svelte'
import Stack from './Stack.svelte'
import Table from './Table.svelte'
import Text from './Text.svelte'

export const RENDERERS = { map: MapResult, stack: Stack, picture: Picture, series: Series, bars: Bars, table: Table, text: Text }
