/** What plays scenarios, as drivers and results say it. */

/** `other`: a driver that does not come with marktwin. */
export const DRIVER_KINDS = ["model", "vm", "docker", "other"] as const;
/** What plays: the model, a kernel in a virtual machine or in containers, or a driver of your own. @public */
export type DriverKind = (typeof DRIVER_KINDS)[number];

/** A driver as results name it. @public */
export interface DriverInfo {
	readonly kind: DriverKind;
	readonly name: string;
	/** What it follows or is: `linux 6.1, iptables-legacy 1.8.9`. */
	readonly version: string;
}

/** Of a driver, or of anything else that has as much. */
export function infoOf({ kind, name, version }: DriverInfo): DriverInfo {
	return { kind, name, version };
}
