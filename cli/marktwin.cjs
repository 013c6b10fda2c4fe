#!/usr/bin/env node
/**
 * The file behind the command `marktwin`. It is ECMAScript 5 and CommonJS, which every Node reads: an older
 * one than marktwin runs on says so here, with the exit code of bad input. By itself it would end with 1
 * ("violated"), at the first line of code that it cannot read.
 */
"use strict";

// package.json ("engines") says the same.
var NEEDED = [20, 19];
var BAD_INPUT = 2;

var found = process.versions.node.split(".").map(Number);
var difference = found[0] - NEEDED[0] || found[1] - NEEDED[1];
if (difference < 0) {
	process.stderr.write(
		"marktwin: needs Node " +
			NEEDED.join(".") +
			" or newer; this is Node " +
			process.versions.node +
			" (" +
			process.execPath +
			").\n  Install a newer one: https://nodejs.org/en/download\n",
	);
	process.exitCode = BAD_INPUT;
} else require("./load-main.cjs");
