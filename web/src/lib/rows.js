/** The rows of a table result by their names: { eps: 8, success: true, … }; empty before there is one. */
export const formatRows = (result) => Object.fromEntries((result?.text ? JSON.parse(result.text) : []).map((r) => [r.name, r.value]))
