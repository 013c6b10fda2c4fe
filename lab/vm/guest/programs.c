/*
 * Runs programs for agent.c. iptables, conntrack and ipset stand by (standby.c) and are forked; everything
 * else is started. Nobody can tell which it was but by the time that it took.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include "agent.h"

#define PROGRAMS "/lib/marktwin/programs-"
#define STANDBY "/lib/marktwin/standby.so"
#define MOST_PROGRAMS 4

/* Standard input, output and errors of whatever is run. */
static int streams[3];
static struct program {
	char path[64];
	int requests, is_ready;
} programs[MOST_PROGRAMS];
static int program_count;

void open_streams(int port)
{
	static const char *const names[] = { "in", "out", "err" };

	for (int i = 0; i < 3; i++) {
		char path[32];
		snprintf(path, sizeof(path), "/tmp/%s%d", names[i], port);
		streams[i] = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	}
}

static void empty_streams(const char *input, size_t length)
{
	for (int i = 0; i < 3; i++)
		if (ftruncate(streams[i], 0))
			perror("a standard stream");
	if (write(streams[0], input, length) < 0 || lseek(streams[0], 0, SEEK_SET) < 0)
		perror("standard input");
}

static void take_streams(void)
{
	for (int i = 0; i < 3; i++)
		dup2(streams[i], i);
}

/* Its path, and libraries that it may open later. */
static void let_stand_by(char **words)
{
	struct program *one = &programs[program_count];
	int pair[2];

	if (program_count == MOST_PROGRAMS || strlen(words[0]) >= sizeof(one->path) ||
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair))
		return;
	if (fork() == 0) {
		take_streams();
		dup2(pair[1], REQUESTS);
		setenv("LD_PRELOAD", STANDBY, 1);
		setenv("LD_BIND_NOW", "1", 1);
		execv(words[0], words);
		_exit(127);
	}
	close(pair[1]);
	strcpy(one->path, words[0]);
	one->requests = pair[0];
	program_count++;
}

/* `iptables` is the program that the kernel's command line names (IPTABLES=nft); both are there. */
static const char *choose_iptables(void)
{
	static const char *const names[] = { "iptables", "iptables-save", "iptables-restore" };
	const char *backend = getenv("IPTABLES");
	char link[64], program[64];

	if (!backend || !*backend || strlen(backend) > 16)
		return "legacy";
	snprintf(program, sizeof(program), "xtables-%s-multi", backend);
	for (unsigned i = 0; i < sizeof(names) / sizeof(*names); i++) {
		snprintf(link, sizeof(link), "/usr/sbin/%s", names[i]);
		if (unlink(link) || symlink(program, link))
			perror(link);
	}
	return backend;
}

/* Lines of PROGRAMS: a program, and what it opens. */
void start_programs(void)
{
	static char line[16384], path[64];
	FILE *list;

	snprintf(path, sizeof(path), "%s%s", PROGRAMS, choose_iptables());
	list = fopen(path, "re");

	while (list && fgets(line, sizeof(line), list)) {
		char *words[MOST_WORDS + 1], *rest = line, *word;
		int count = 0;
		while (count < MOST_WORDS && (word = strsep(&rest, " \n")) && *word)
			words[count++] = word;
		words[count] = NULL;
		if (count > 0)
			let_stand_by(words);
	}
	if (list)
		fclose(list);
}

/* `iptables-save` is a link to one that stands by, unless somebody made it a link to another. */
static struct program *standing_by(const char *name)
{
	char link[64], path[PATH_MAX];

	if (strchr(name, '/') || strlen(name) > 32)
		return NULL;
	snprintf(link, sizeof(link), "/usr/sbin/%s", name);
	if (!realpath(link, path))
		return NULL;
	for (struct program *one = programs; one < programs + program_count; one++)
		if (one->requests >= 0 && !strcmp(one->path, path))
			return one;
	return NULL;
}

static int hear(struct program *one, int *status)
{
	int32_t ended;

	if (read(one->requests, &ended, sizeof(ended)) != sizeof(ended))
		return 0;
	*status = ended;
	return 1;
}

static int tell(struct program *one, const void *data, size_t length)
{
	return send(one->requests, data, length, MSG_NOSIGNAL) == (ssize_t)length;
}

/* Fails when nobody stands by; then nothing has been run. Status: as of waitpid(). */
static int ask(struct program *one, const char *words, uint32_t length, int *status)
{
	int is_asked;

	one->is_ready = one->is_ready || hear(one, status);
	is_asked = one->is_ready && tell(one, &length, sizeof(length)) && tell(one, words, length);
	if (is_asked && hear(one, status))
		return 1;
	close(one->requests);
	one->requests = -1;
	dprintf(is_asked ? streams[2] : 2, "%s does not stand by any more\n", one->path);
	*status = W_EXITCODE(126, 0);
	return is_asked;
}

static int start_and_wait(char **words)
{
	int status = 0;
	pid_t child = fork();

	if (child == 0) {
		setsid();
		take_streams();
		execvp(words[0], words);
		dprintf(2, "%s: %s\n", words[0], strerror(errno));
		_exit(127);
	}
	/* The first process inherits orphans; their ends are of no interest. */
	for (pid_t ended = 0; ended != child;)
		ended = waitpid(-1, &status, 0);
	return status;
}

uint32_t run(char *payload, size_t length, struct buffer *output, struct buffer *errors)
{
	char *words[MOST_WORDS + 1];
	uint32_t count, at = 4;
	struct program *waiting;
	int status;

	memcpy(&count, payload, 4);
	count = ntohl(count);
	if (count < 1 || count > MOST_WORDS)
		return 126;
	for (uint32_t i = 0; i < count; i++) {
		words[i] = payload + at;
		at += strlen(payload + at) + 1;
	}
	words[count] = NULL;
	empty_streams(payload + at, length - at);
	waiting = at <= LONGEST_REQUEST ? standing_by(words[0]) : NULL;
	if (!waiting || !ask(waiting, payload + 4, at - 4, &status))
		status = start_and_wait(words);
	for (int i = 1; i < 3; i++)
		if (lseek(streams[i], 0, SEEK_SET) < 0 || read_all(streams[i], i == 1 ? output : errors))
			perror("a standard stream");
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
