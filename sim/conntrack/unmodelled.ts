import { InvariantError } from "../invariant.ts";

/** Protocols that the kernel tracks by more than addresses, and the model does not. */
const NAMES: Readonly<Record<number, string>> = {
	33: "DCCP",
	47: "GRE",
	132: "SCTP",
	136: "UDPLite",
};

/** Says so if the tracker of a protocol is not modelled. */
export function checkModelled(
	protocol: number,
	unknown: (reason: string) => never,
): void {
	const name = NAMES[protocol];
	if (name !== undefined) unknown(`${name} connections are not modelled`);
}

/** For those who meet nothing of the kind. */
export function throwUnhandledUnknown(reason: string): never {
	throw new InvariantError(`bug in marktwin: nobody is told that ${reason}`);
}
