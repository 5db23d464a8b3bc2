/*
** measure.c - runs a program on one core and says what it took.
**
**     bench_measure CORE PROGRAM [ARGUMENT…]
**
** Prints on descriptor 3: seconds by the clock, seconds of CPU, the most memory it had (KB). Ends as the
** program does.
*/
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double seconds(struct timeval time) {
    return (double)time.tv_sec + (double)time.tv_usec / 1e6;
}

int main(int argc, char **argv) {
    struct timespec from, to;
    struct rusage used;
    int status = 1;
    if (argc < 3) return 2;
    cpu_set_t cores;
    CPU_ZERO(&cores);
    CPU_SET((size_t)atoi(argv[1]), &cores);
    clock_gettime(CLOCK_MONOTONIC, &from);
    pid_t child = fork();
    if (child == 0) {
        sched_setaffinity(0, sizeof cores, &cores); /* a machine of one core has no other */
        close(3);
        execvp(argv[2], argv + 2);
        perror(argv[2]);
        _exit(127);
    }
    if (child < 0 || wait4(child, &status, 0, &used) < 0) return 1;
    clock_gettime(CLOCK_MONOTONIC, &to);
    dprintf(3, "%.6f %.6f %ld\n",
            (double)(to.tv_sec - from.tv_sec) + (double)(to.tv_nsec - from.tv_nsec) / 1e9,
            seconds(used.ru_utime) + seconds(used.ru_stime), used.ru_maxrss);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
