import { describe, expect, it } from "vitest";
import { aptConf, aptWords, readAptSettings } from "./apt-settings.ts";

const dump = [
	'Acquire "";',
	'Acquire::Check-Valid-Until "false";',
	'Acquire::Languages:: "none";',
	'Acquire::http::Proxy "http://user:secret@proxy.example:3128/";',
	'Acquire::https::Proxy "DIRECT";',
	'Acquire::http::Timeout "10";',
	'Acquire::Retries "3; echo";',
	'DPkg::Post-Invoke:: "/usr/bin/test -e /run/x";',
].join("\n");

describe("the host's way to Debian's mirror", () => {
	it("is taken over, and nothing else of its settings", () => {
		const apt = readAptSettings(dump, {});
		expect(apt.options).toEqual({
			"Acquire::Check-Valid-Until": "false",
			"Acquire::http::Timeout": "10",
		});
		expect(aptWords(apt)).toBe(
			"-o Acquire::Check-Valid-Until=false -o Acquire::http::Timeout=10",
		);
		expect(aptConf(apt)).toBe(
			'Acquire::Check-Valid-Until "false";\nAcquire::http::Timeout "10";\n',
		);
	});

	it("keeps proxies apart, since a password may be in them", () => {
		const apt = readAptSettings(dump, {});
		expect(apt.proxies).toEqual({
			http_proxy: "http://user:secret@proxy.example:3128/",
			https_proxy: "",
		});
		expect(aptWords(apt) + aptConf(apt)).not.toContain("secret");
	});

	it("asks the environment where apt has no proxy", () => {
		const environment = {
			HTTP_PROXY: "http://other.example/",
			no_proxy: "localhost",
			PATH: "/bin",
		};
		expect(readAptSettings(dump, environment).proxies).toMatchObject({
			http_proxy: "http://user:secret@proxy.example:3128/",
			no_proxy: "localhost",
		});
		expect(readAptSettings("", environment).proxies).toEqual({
			http_proxy: "http://other.example/",
			no_proxy: "localhost",
		});
	});
});
