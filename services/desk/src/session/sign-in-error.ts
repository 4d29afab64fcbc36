// Why somebody is not signed in, in words for them; those of others come as they are, in quotes.
import * as oauth from "oauth4webapi";

/** Why somebody is not signed in, in words for them. */
export class SignInError extends Error {
  override readonly name = "SignInError";
}

/** Whether trying again without a question may help: the provider did not say no. */
export function isPassingSignIn(error: unknown): boolean {
  const why = error instanceof SignInError ? error.cause : undefined;
  return why instanceof TypeError || why instanceof DOMException || isOutage(why);
}

/** The provider, or the gateway that asks it, answered that it cannot now. */
function isOutage(error: unknown): boolean {
  return (
    error instanceof oauth.OperationProcessingError && error.cause instanceof Response && error.cause.status >= 500
  );
}

function wordsOf(error: unknown): string {
  if (error instanceof SignInError) return error.message;
  if (error instanceof oauth.AuthorizationResponseError) {
    const { error: code, error_description: words } = error;
    if (code === "access_denied") return `The identity provider refused${quoted(words)}.`;
    return `The identity provider could not go on: ${code}${quoted(words)}.`;
  }
  if (error instanceof oauth.ResponseBodyError) {
    const { error: code, error_description: words } = error;
    return `The identity provider gave no token: ${code}${quoted(words)}. Sign in once more.`;
  }
  if (error instanceof oauth.OperationProcessingError && !isOutage(error)) {
    if (error.code === oauth.JWT_TIMESTAMP_CHECK) {
      return "The identity provider's token is not of this time: the clock of this computer, or the provider's, is wrong.";
    }
    return `The identity provider's answer was not taken: ${error.message}. Sign in once more.`;
  }
  return "The identity provider cannot be reached, or does not let this page ask it. Try again.";
}

function quoted(words: string | undefined): string {
  return words === undefined || words === "" ? "" : `, “${words}”`;
}

/** Rejects with SignInError, whatever went wrong. */
export async function inWords<T>(work: Promise<T> | (() => Promise<T>)): Promise<T> {
  try {
    return await (typeof work === "function" ? work() : work);
  } catch (error) {
    throw new SignInError(wordsOf(error), { cause: error });
  }
}
