import { bearerToken } from "../support/bearer-token.ts";

/** What a credential does when it is asked for a token. */
export type TokenMood = "well" | "refused" | "hangs";

/** A token credential that does what it is told. Its tokens are to be asked for again at once. */
export interface MoodyCredential {
  mood: TokenMood;
  getToken(): Promise<{ readonly token: string; readonly expiresOnTimestamp: number }>;
}

/** One that is well. `secret` is in every token, and in every refusal. `asked` is told each question. */
export function createMoodyCredential(secret: string, asked: (mood: TokenMood) => void): MoodyCredential {
  return {
    mood: "well",
    getToken() {
      asked(this.mood);
      if (this.mood === "hangs") return new Promise(() => {});
      if (this.mood === "refused") return Promise.reject(new Error(`no token for ${secret}`));
      return Promise.resolve({ token: bearerToken(3_600_000, secret), expiresOnTimestamp: Date.now() + 300 });
    },
  };
}
