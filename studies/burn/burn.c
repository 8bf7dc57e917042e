/* A compiler wrapper that makes each compiler call dearer by a set share: it runs the compiler that it is given, then
   burns that share of the CPU time the call took. The share stands in BURN, in per cent. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double seconds(struct timeval t) { return t.tv_sec + t.tv_usec * 1e-6; }

int main(int argc, char **argv) {
    const char *text = getenv("BURN");
    char *end = NULL;
    double share = text ? strtod(text, &end) / 100.0 : -1.0;
    if (argc < 2 || !text || end == text || *end || !(share >= 0.0)) {
        fprintf(stderr, "burn: wants BURN, a share in per cent, and a compiler with its arguments\n");
        return 2;
    }
    pid_t child = fork();
    if (child < 0) {
        perror("burn: fork");
        return 2;
    }
    if (child == 0) {
        execvp(argv[1], argv + 1);
        perror("burn: exec");
        _exit(127);
    }
    int status;
    while (waitpid(child, &status, 0) < 0) {
        if (errno == EINTR) continue;
        perror("burn: waitpid");
        return 2;
    }
    struct rusage spent;
    getrusage(RUSAGE_CHILDREN, &spent);
    double due = share * (seconds(spent.ru_utime) + seconds(spent.ru_stime));
    struct timespec now;
    double start, at;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    start = at = now.tv_sec + now.tv_nsec * 1e-9;
    for (volatile unsigned work = 0; at - start < due; work++) {
        if (work % 256) continue;
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
        at = now.tv_sec + now.tv_nsec * 1e-9;
    }
    if (WIFSIGNALED(status)) return 128 + WTERMSIG(status);
    return WEXITSTATUS(status);
}
