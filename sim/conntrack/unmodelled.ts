/** Protocols that the kernel tracks by more than addresses, and the model does not. */
const NAMES: Readonly<Record<number, string>> = {
	33: "DCCP",
	47: "GRE",
	132: "SCTP",
	136: "UDPLite",
};

/** Name of a protocol whose tracker is not modelled, `null` for all others. */
export function unmodelledName(protocol: number): string | null {
	return NAMES[protocol] ?? null;
}
