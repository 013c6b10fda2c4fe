import { codeOf, reasonOf } from "../../scenarios/run/file-failure.ts";

/** In the words of the model's sockets (`SocketEnd`). */
const WORDS: Readonly<Record<string, string>> = {
	ECONNREFUSED: "refused",
	ECONNRESET: "reset",
	EPIPE: "closed",
	EHOSTUNREACH: "unreachable",
	ENETUNREACH: "unreachable",
	ETIMEDOUT: "timeout",
};

/** Why a connection did not come about, or ended. */
export function socketFailure(error: unknown): string {
	return WORDS[codeOf(error) ?? ""] ?? reasonOf(error);
}
