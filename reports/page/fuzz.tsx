import type { ChanceView, FuzzView, KnownView } from "../contract/report.ts";
import { fuzzSpeed, fuzzSubject, fuzzVerdict, statusWord } from "../wording.ts";
import { Coverage } from "./coverage.tsx";
import { Fact } from "./parts/fact.tsx";
import { counted, number, took } from "./parts/format.ts";
import { Scrolls } from "./parts/scrolls.tsx";
import { Sign } from "./parts/status.tsx";

/** Rulesets, packets and events that nobody wrote: what came out, and what of the model they have met. */
export function Fuzz({ fuzz }: { readonly fuzz: FuzzView }) {
	const { status, divergences, unknown, chances, known } = fuzz;
	return (
		<section class={`fuzz ${status}`} aria-labelledby="-fuzz">
			<h2 id="-fuzz">
				<Sign
					status={status}
					word={statusWord(status, { isComparison: true })}
				/>{" "}
				Fuzz: {fuzzSubject(fuzz)}
			</h2>
			<Facts fuzz={fuzz} />
			{divergences > 0 && (
				<p class="callout bad">
					What differs was made as small as it gets: it stands below, among the
					scenarios.
				</p>
			)}
			{unknown.length > 0 && <Unknown unknown={unknown} />}
			<Coverage coverage={fuzz.coverage} />
			{chances.length > 0 && <Chances chances={chances} />}
			{known.length > 0 && <Known known={known} />}
		</section>
	);
}

/** What was played and how it came out; below it, how much of everything was met. */
function Facts({ fuzz }: { readonly fuzz: FuzzView }) {
	const { seeds, kernels, rulesets, packets, texts, tookMs, coverage } = fuzz;
	return (
		<>
			<dl class="facts">
				<Fact name="Model and kernel" value={fuzzVerdict(fuzz)} />
				<Fact name="Rulesets" value={number(rulesets)} />
				<Fact name="Packets" value={number(packets)} />
				{texts !== null && <Fact name="Texts" value={number(texts)} />}
				<Fact name="Speed" value={`${fuzzSpeed(fuzz)}, ${took(tookMs)}`} />
				<Fact
					name={kernels.length === 1 ? "Kernel" : "Kernels"}
					value={kernels.join(" and ")}
				/>
				<Fact
					name={seeds.length === 1 ? "Seed" : "Seeds"}
					value={seeds.join(", ")}
				/>
			</dl>
			<dl class="facts met">
				{coverage.map(({ title, total, holes }) => (
					<Fact
						key={title}
						name={title}
						value={`${number(total - holes.length)} of ${number(total)} met`}
						isShort={holes.length > 0}
					/>
				))}
			</dl>
		</>
	);
}

function Unknown({ unknown }: Pick<FuzzView, "unknown">) {
	return (
		<div class="callout">
			<strong>marktwin does not know what a kernel does here,</strong> so these
			cases ended early:
			<ul>
				{unknown.map(({ what, times }) => (
					<li key={what}>
						{what} ({counted(times, "time")})
					</li>
				))}
			</ul>
		</div>
	);
}

function Chances({ chances }: { readonly chances: readonly ChanceView[] }) {
	return (
		<section>
			<h3>Chance</h3>
			<p class="remark">
				<code>statistic --mode random</code>: either side draws for itself, so
				what is compared is how many packets matched. All but one in a million
				lie within the bounds.
			</p>
			<Scrolls label="Chance" isWhole>
				<table class="chances">
					<thead>
						<tr>
							<th scope="col">rule</th>
							<th scope="col">packets</th>
							<th scope="col">model</th>
							<th scope="col">kernel</th>
							<th scope="col">bounds</th>
							<th scope="col">model above, kernel below</th>
						</tr>
					</thead>
					<tbody>
						{chances.map((chance, index) => (
							<Chance key={index} chance={chance} />
						))}
					</tbody>
				</table>
			</Scrolls>
		</section>
	);
}

function Chance({ chance }: { readonly chance: ChanceView }) {
	const { rule, packets, model, kernel, low, high, isInside } = chance;
	const isOutside = (many: number) => many < low || many > high;
	return (
		<tr class={isInside ? "" : "wrong"}>
			<td>
				<Sign
					status={isInside ? "holds" : "violated"}
					word={isInside ? "inside" : "outside"}
				/>{" "}
				<code>{rule}</code>
			</td>
			<td class="number">{number(packets)}</td>
			<td class={`number ${isOutside(model) ? "bad" : ""}`}>{number(model)}</td>
			<td class={`number ${isOutside(kernel) ? "bad" : ""}`}>
				{number(kernel)}
			</td>
			<td class="number">
				{number(low)} to {number(high)}
			</td>
			<td>
				<Band chance={chance} />
			</td>
		</tr>
	);
}

/** The bounds, and a little beyond them, with a stroke for each side; the numbers beside it say the same. */
function Band({ chance }: { readonly chance: ChanceView }) {
	const { model, kernel, low, high } = chance;
	const from = Math.min(low, model, kernel);
	const to = Math.max(high, model, kernel, from + 1);
	const margin = (to - from) / 20;
	const at = (many: number) =>
		`${(((many - from + margin) / (to - from + 2 * margin)) * 100).toFixed(2)}%`;
	return (
		<svg class="band" aria-hidden="true">
			<rect
				x={at(low)}
				y="25%"
				width={`${Number.parseFloat(at(high)) - Number.parseFloat(at(low))}%`}
				height="50%"
			/>
			<line class="model" x1={at(model)} x2={at(model)} y1="0" y2="50%" />
			<line class="kernel" x1={at(kernel)} x2={at(kernel)} y1="50%" y2="100%" />
		</svg>
	);
}

function Known({ known }: { readonly known: readonly KnownView[] }) {
	return (
		<section>
			<h3>Known divergences</h3>
			<Scrolls label="Known divergences" isWhole>
				<table>
					<thead>
						<tr>
							<th scope="col">what differs</th>
							<th scope="col">times</th>
							<th scope="col">why</th>
						</tr>
					</thead>
					<tbody>
						{known.map(({ name, reason, times }) => (
							<tr key={name}>
								<td>{name}</td>
								<td class="number">{number(times)}</td>
								<td>{reason}</td>
							</tr>
						))}
					</tbody>
				</table>
			</Scrolls>
		</section>
	);
}
