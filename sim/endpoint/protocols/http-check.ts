/** What a health checker wants of a web server: the request that it sends, and which answers are good. */
import { hostOf } from "./http.ts";

/** What is asked of a web server, and which answer is good. What is left out has its default. @public */
export interface HttpCheck {
	/** What is asked for: a path, and a query perhaps. Default: `/`. */
	readonly path?: string;
	/** The host name that is asked for. Default: the target's address, and its port where it is not the usual one. */
	readonly host?: string;
	/** Statuses that are good, each a number or a range of two. Default: `["200-399"]`. */
	readonly status?: readonly (number | string)[];
	/** A text that the body has to contain. Default: any body. */
	readonly contains?: string;
	/** A regular expression of JavaScript that the body has to match. Default: any body. */
	readonly matches?: string;
}

const GOOD_STATUSES: readonly string[] = ["200-399"];
const ANY: readonly [number, number] = [0, 0];

/** The host name and the path that a check asks for. */
export function askedFor(
	{ path = "/", host }: HttpCheck,
	target: { readonly address: string; readonly port: number },
	usualPort: number,
): { readonly host: string; readonly path: string } {
	return { path, host: host ?? hostOf(target.address, target.port, usualPort) };
}

/** Whether it takes the body to tell. */
export function looksAtBody({ contains, matches }: HttpCheck): boolean {
	return contains !== undefined || matches !== undefined;
}

/** Is the status one of those that are good? */
export function isGoodStatus(
	{ status = GOOD_STATUSES }: HttpCheck,
	found: number,
): boolean {
	return status.some((one) => {
		const [from, to] = statusRange(one) ?? ANY;
		return from <= found && found <= to;
	});
}

/** `204` and `200-399` as a range, both ends inclusive; `null`: it is none. */
export function statusRange(
	status: number | string,
): readonly [from: number, to: number] | null {
	const parts = /^([1-5]\d\d)(?:-([1-5]\d\d))?$/.exec(String(status));
	if (parts === null) return null;
	const from = Number(parts[1]);
	const to = Number(parts[2] ?? parts[1]);
	return from <= to ? [from, to] : null;
}

/** What is wrong with a body; `null`: nothing. */
export function faultOfBody(
	{ contains, matches }: HttpCheck,
	body: string,
): string | null {
	if (contains !== undefined && !body.includes(contains))
		return `the body does not contain ${JSON.stringify(contains)}`;
	if (matches !== undefined && !new RegExp(matches, "u").test(body))
		return `the body does not match /${matches}/`;
	return null;
}
