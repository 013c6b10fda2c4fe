/** A world that cannot be set up, or a step that cannot be taken: what is wrong and what to write instead. */
export class WorldError extends Error {
	override readonly name = "WorldError";
	readonly code: "setup" | "step";
	/** Label of the step; "" for the setup. */
	readonly step: string;
	readonly remedy: string;

	constructor(fields: {
		readonly code: "setup" | "step";
		readonly message: string;
		readonly step: string;
		readonly remedy: string;
	}) {
		super(fields.message);
		this.code = fields.code;
		this.step = fields.step;
		this.remedy = fields.remedy;
	}
}
