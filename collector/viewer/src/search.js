/// "?name=value&…": lists become repeated parameters; what is empty is left out, so that equal questions have
/// equal addresses.
export function search(parameters) {
  const pairs = Object.entries(parameters).flatMap(([name, value]) => [value].flat().map((one) => [name, one]));
  const given = pairs.filter(([, value]) => value != null && value !== "");
  return given.length ? "?" + new URLSearchParams(given) : "";
}
