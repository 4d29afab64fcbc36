// Sends messages over the internet to addresses that somebody chose.

/** What came of one message. */
export type PostAnswer =
  | {
      readonly kind: "answered";
      readonly status: number;
      /** Milliseconds after which it asks to be asked again. */
      readonly retryAfterMs?: number;
    }
  /** Why there was no answer, in words. */
  | { readonly kind: "failed"; readonly why: string };

export interface Posts {
  /** Why nothing is sent to a URL, in words that follow "because"; undefined where it may be, as far as is known now. */
  problem(url: string): Promise<string | undefined>;
  /** Sends one message, within a time limit, and follows no redirect. Never rejects. */
  post(url: string, headers: Readonly<Record<string, string>>, body: string): Promise<PostAnswer>;
  /** Gives up what is on its way. */
  close(): Promise<void>;
}
