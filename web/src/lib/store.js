// What is kept between visits, little as it is; a frame without storage keeps nothing, and nothing breaks.
export function stored(key) {
  try {
    return localStorage.getItem(key)
  } catch {
    return null
  }
}

export function store(key, value) {
  try {
    localStorage.setItem(key, value)
  } catch {
    // The choice lasts as long as the page.
  }
}
