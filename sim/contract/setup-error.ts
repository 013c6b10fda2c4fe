/** A mistake in a `GatewaySetup`. @public */
export class SetupError extends Error {
	override readonly name = "SetupError";
	/** The name of the setting that is wrong; `null` where it is something else. */
	readonly sysctl: string | null;

	constructor(message: string, sysctl: string | null = null) {
		super(message);
		this.sysctl = sysctl;
	}
}
