/** What `action` throws, as `Kind: message`. */
export function thrown(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    return String(error);
  }
  return "nothing thrown";
}
