/** What the checker itself lacks says nothing of a backend: a probe that fails for it is none. */
import { codeOf } from "../scenarios/files/file-failure.ts";

const SHORTAGES: ReadonlyMap<string, string> = new Map([
	["EMFILE", "this process may open no more files and sockets (ulimit -n)"],
	["ENFILE", "the machine can open no more files and sockets"],
	["ENOMEM", "no memory left"],
	["ENOBUFS", "no memory left for sockets"],
	["EAGAIN", "no process or port left to this user"],
	["EADDRNOTAVAIL", "no local port left"],
]);

/** @returns what is short, in words; `null` when the error is of another kind */
export function shortageOf(error: unknown): string | null {
	return SHORTAGES.get(codeOf(error) ?? "") ?? null;
}
