/* A stand-in for a build whose true time is known: it takes NOMINAL seconds times TRUTH, with log-normal scatter of
   NOISE (a standard deviation of ln seconds) and no state that outlives it. */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <time.h>

static double number(const char *name, double otherwise) {
    const char *text = getenv(name);
    if (!text) return otherwise;
    char *end;
    double value = strtod(text, &end);
    if (end == text || *end || !(value >= 0.0) || value > 3600.0) {
        fprintf(stderr, "stand-in: %s is `%s`, not a number from 0 to 3600\n", name, text);
        exit(2);
    }
    return value;
}

static double uniform(void) {
    uint32_t bits;
    if (getrandom(&bits, sizeof bits, 0) != sizeof bits) {
        perror("stand-in: getrandom");
        exit(2);
    }
    return (bits + 0.5) / 4294967296.0;
}

int main(void) {
    struct timespec start;
    clock_gettime(CLOCK_MONOTONIC, &start);
    double normal = sqrt(-2.0 * log(uniform())) * cos(6.283185307179586 * uniform());
    double seconds = number("NOMINAL", 0.08) * number("TRUTH", 1.0) * exp(number("NOISE", 0.02) * normal);
    int64_t end = start.tv_sec * 1000000000LL + start.tv_nsec + (int64_t)(seconds * 1e9);
    struct timespec until = {.tv_sec = end / 1000000000, .tv_nsec = end % 1000000000};
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL)) {}
    return 0;
}
