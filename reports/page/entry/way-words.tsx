/** The path of a packet, as words and as a picture: each thing that happened to it in a box, from its client to where it ended. */

/**
 * `#3 and 4 more: SYN → mark 0x2 (line 15) → DNAT 10.20.0.12 (line 20) → out eth1 → web2`: what comes after
 * `; ` is another packet, or what is to be said of it.
 */
export function WayWords({ text }: { readonly text: string }) {
	if (!text.includes(" → ")) return <p class="way-words">{text}</p>;
	return (
		<div class="way-words">
			{text.split("; ").map((sentence, index) => {
				const [head = "", ...steps] = sentence.split(" → ");
				const colon = head.lastIndexOf(": ");
				const whose = colon < 0 ? "" : head.slice(0, colon + 1);
				const packet = colon < 0 ? head : head.slice(colon + 2);
				if (steps.length === 0) return <p key={index}>{sentence}</p>;
				return (
					<p key={index} class="hops">
						{whose !== "" && <span class="whose">{whose} </span>}
						{[packet, ...steps].map((step, at) => (
							<>
								{at > 0 && (
									<span key={`to ${at}`} class="to">
										{" "}
										→{" "}
									</span>
								)}
								<span key={at} class={hopClass(step, at === steps.length)}>
									{step}
								</span>
							</>
						))}
					</p>
				);
			})}
		</div>
	);
}

/** Where it ended is what a reader looks for. */
function hopClass(step: string, isLast: boolean): string {
	if (isLast) return "hop last";
	return / \(line \d+\)$/.test(step) ? "hop rule" : "hop";
}
