/**
 * Has a function stand in for a method of one object.
 *
 * Through an argument, for a reason: of `response.write = function …` V8 expects a method that is there to
 * stay, and makes such a function old from the start. Old and dead, it keeps all that it closes over until
 * the next full collection; with it each exchange survives, and is copied by, every collection of young
 * objects: pauses of 10 ms and more at 1,000 requests a second. Nor is anything of an exchange the value of a
 * weak map, which the collection of young objects takes for strong.
 */
export function standIn<T extends object, K extends keyof T>(target: T, name: K, method: T[K]): void {
  target[name] = method;
}
