import type {
	PartDocument,
	ServiceDocument,
} from "../../scenarios/analysis/document/split-document.ts";
import type { Study } from "../engine/study.ts";

/** Services and findings that are shown; more are counted. */
const MOST_SERVICES = 12;
const MOST_FINDINGS = 60;

/** What follows from the rules alone: exact shares, and what is wrong. */
export function Findings({
	study,
	isStudying,
}: {
	readonly study: Study | null;
	readonly isStudying: boolean;
}) {
	const services = study?.split?.services ?? [];
	const findings = (study?.findings ?? []).filter(
		({ suppressed }) => suppressed === null,
	);
	return (
		<div class={isStudying ? "study stale" : "study"}>
			<div>
				<h2>Exact split</h2>
				{study === null && <p class="remark">The rules are looked at …</p>}
				{study !== null && study.split === null && (
					<p class="remark">
						The rules would not load: there is nothing to compute.
					</p>
				)}
				{study?.split && services.length === 0 && (
					<p class="remark">No service was found in these rules.</p>
				)}
				{services.slice(0, MOST_SERVICES).map((one) => (
					<Service key={one.key} service={one} />
				))}
				{services.length > MOST_SERVICES && (
					<p class="remark">
						… and {services.length - MOST_SERVICES} more services.
					</p>
				)}
				{study?.unknown.map((text) => (
					<p key={text} class="doubt">
						Not known: {text}
					</p>
				))}
				<Assumptions study={study} />
			</div>
			<div>
				<h2>
					Findings <span class="badge">{findings.length}</span>
				</h2>
				{study?.split && findings.length === 0 && (
					<p class="good">The linter finds nothing wrong.</p>
				)}
				{findings.slice(0, MOST_FINDINGS).map((one, index) => (
					<article key={index} class={`finding ${one.severity}`}>
						<p>
							<strong>{one.code}</strong> {one.name}
							{one.line > 0 && <span class="remark"> line {one.line}</span>}
						</p>
						<p>{one.message}.</p>
						<p>{one.happens}</p>
						<p class="remedy">{one.remedy}</p>
					</article>
				))}
				{findings.length > MOST_FINDINGS && (
					<p class="remark">… and {findings.length - MOST_FINDINGS} more.</p>
				)}
			</div>
		</div>
	);
}

function Service({ service }: { readonly service: ServiceDocument }) {
	const { key, name, classes } = service;
	return (
		<>
			<h3>
				{key}
				{name !== null && <span class="remark"> {name}</span>}
			</h3>
			{classes.map((one) => (
				<table key={one.name} class="list">
					{classes.length > 1 && <caption>{one.name}</caption>}
					<tbody>
						{one.vectors.map((vector) => (
							<tr key={vector.name}>
								<th scope="row">{vector.name}</th>
								<td>
									{vector.parts
										.filter(isShown)
										.map(({ key: part, isBackend, share }) => (
											<span key={part} class={isBackend ? "part" : "part bad"}>
												{part}{" "}
												<strong>
													{share.kind === "exact"
														? share.share.fraction
														: share.kind === "interval"
															? `${share.least.percent} to ${share.greatest.percent}`
															: "unknown"}
												</strong>
											</span>
										))}
								</td>
							</tr>
						))}
					</tbody>
				</table>
			))}
		</>
	);
}

/** Backends always; of the rest what gets anything. */
function isShown({ isBackend, share }: PartDocument): boolean {
	return isBackend || share.kind !== "exact" || share.share.decimal > 0;
}

function Assumptions({ study }: { readonly study: Study | null }) {
	const assumptions = study?.split?.assumptions ?? [];
	const leftOut = study?.leftOut ?? [];
	return (
		<>
			{assumptions.length > 0 && (
				<details>
					<summary>Assumed of the machine</summary>
					<ul>
						{assumptions.map(({ text, because }) => (
							<li key={text}>
								{text}: {because}
							</li>
						))}
					</ul>
				</details>
			)}
			{leftOut.length > 0 && (
				<details>
					<summary>Not played here</summary>
					<ul>
						{leftOut.map((text) => (
							<li key={text}>{text}</li>
						))}
					</ul>
				</details>
			)}
		</>
	);
}
