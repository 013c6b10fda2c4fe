/*
 * Keeps a program standing by: loaded, linked, and stopped in front of main(). Each request forks it,
 * and the child goes on from there. On a machine that is translated, starting a program and finding
 * its libraries takes several times longer than what the program then does. Preloaded by agent.c.
 *
 * The child has the standard streams that the program was started with, and the network namespace in
 * which its starter is then. Words of the program's own when it is started: libraries that it may
 * open later.
 *
 * request: length(4), then words, each ended by a zero octet       numbers are the machine's own
 * answer:  what waitpid() says of the child(4); a first one, 0, comes when the program stands by
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "agent.h"

#define MOST_LIBRARIES 256
#define MOST_REGISTRATIONS 1024

typedef int program_main(int, char **, char **);
typedef int libc_start(program_main *, int, char **, void (*)(void), void (*)(void),
		       void (*)(void), void *);
typedef void registrar(void *);

static program_main *start_of_program;

/*
 * The constructors of iptables' extensions register them with libxtables, where the order decides
 * what is found. So what a library registers while it is mapped is only noted; it is registered when
 * the program opens the library, at which moment the constructors would have run.
 */
static struct registration {
	const char *by;
	void *what;
} registrations[MOST_REGISTRATIONS];

static struct library {
	const char *path;
	void *handle;
	/* Of its registrations. Two names may be one library, which is registered once. */
	int first, end;
} libraries[MOST_LIBRARIES];

static int registration_count, library_count, is_mapping;

static void register_or_note(const char *by, void *what)
{
	if (!is_mapping)
		((registrar *)dlsym(RTLD_NEXT, by))(what);
	else if (registration_count < MOST_REGISTRATIONS)
		registrations[registration_count++] = (struct registration){ by, what };
	else
		_exit(1);
}

/* Those that register several call these. */
void xtables_register_match(void *match)
{
	register_or_note(__func__, match);
}

void xtables_register_target(void *target)
{
	register_or_note(__func__, target);
}

static void *open_now(const char *path, int flags)
{
	void *(*open_library)(const char *, int) = dlsym(RTLD_NEXT, "dlopen");

	return open_library(path, flags);
}

static void map_library(const char *path)
{
	struct library *one = &libraries[library_count];

	if (library_count == MOST_LIBRARIES)
		return;
	is_mapping = 1;
	one->path = path;
	one->first = registration_count;
	one->handle = open_now(path, RTLD_NOW);
	one->end = registration_count;
	is_mapping = 0;
	if (one->handle)
		library_count++;
}

static void register_noted(void *handle)
{
	for (struct library *one = libraries; one < libraries + library_count; one++) {
		if (one->handle != handle)
			continue;
		while (one->first < one->end) {
			struct registration *noted = &registrations[one->first++];
			register_or_note(noted->by, noted->what);
		}
	}
}

void *dlopen(const char *path, int flags)
{
	for (struct library *one = libraries; path && one < libraries + library_count; one++) {
		if (strcmp(one->path, path))
			continue;
		register_noted(one->handle);
		return one->handle;
	}
	return open_now(path, flags);
}

/* iptables closes its extensions when it ends, and the end does that as well. */
int dlclose(void *handle)
{
	return 0;
}

static int receive(void *into, size_t length)
{
	for (char *at = into; length > 0;) {
		ssize_t got = read(REQUESTS, at, length);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return -1;
		at += got;
		length -= got;
	}
	return 0;
}

static void answer(int32_t status)
{
	if (write(REQUESTS, &status, sizeof(status)) != sizeof(status))
		_exit(1);
}

/* As it would be after exec, in the namespace where the starter is. */
static int run_program(pid_t starter, char *request, uint32_t length)
{
	char *words[MOST_WORDS + 1], path[64];
	int count = 0, namespace;

	close(REQUESTS);
	setsid();
	snprintf(path, sizeof(path), "/proc/%d/ns/net", starter);
	namespace = open(path, O_RDONLY | O_CLOEXEC);
	if (namespace < 0 || setns(namespace, CLONE_NEWNET)) {
		dprintf(2, "%s: %s\n", path, strerror(errno));
		_exit(126);
	}
	close(namespace);
	for (uint32_t at = 0; at < length && count < MOST_WORDS; at += strlen(request + at) + 1)
		words[count++] = request + at;
	words[count] = NULL;
	program_invocation_name = words[0];
	program_invocation_short_name = words[0];
	return start_of_program(count, words, environ);
}

static int stand_by(int count, char **words, char **environment)
{
	static char request[LONGEST_REQUEST + 1];
	pid_t starter = getppid();
	uint32_t length;

	unsetenv("LD_PRELOAD");
	unsetenv("LD_BIND_NOW");
	for (int i = 1; i < count; i++)
		map_library(words[i]);
	answer(0);
	while (receive(&length, sizeof(length)) == 0 && length <= LONGEST_REQUEST &&
	       receive(request, length) == 0) {
		int status = 0;
		pid_t child = fork();
		if (child == 0)
			return run_program(starter, request, length);
		if (child < 0 || waitpid(child, &status, 0) < 0)
			break;
		answer(status);
	}
	_exit(0);
}

int __libc_start_main(program_main *main, int count, char **words, void (*init)(void),
		      void (*fini)(void), void (*end_of_loader)(void), void *stack_end)
{
	libc_start *start = (libc_start *)dlsym(RTLD_NEXT, "__libc_start_main");

	start_of_program = main;
	return start(stand_by, count, words, init, fini, end_of_loader, stack_end);
}
