import { codeOf, reasonOf } from "../../../scenarios/files/file-failure.ts";
import { shortageOf } from "../../shortage.ts";

/** In the words of the model's sockets (`SocketEnd`). */
const WORDS: ReadonlyMap<string, string> = new Map([
	["ECONNREFUSED", "refused"],
	["ECONNRESET", "reset"],
	["EPIPE", "closed"],
	["EHOSTUNREACH", "unreachable"],
	["ENETUNREACH", "unreachable"],
	["ETIMEDOUT", "timeout"],
]);

/** Why a connection did not come about, or ended. */
export function socketFailure(error: unknown): string {
	return shortageOf(error) ?? WORDS.get(codeOf(error) ?? "") ?? reasonOf(error);
}
