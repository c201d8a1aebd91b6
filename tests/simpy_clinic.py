"""A scanner's day as a plain discrete-event model, one patient a process, to compare with."""

import math

import numpy as np
import simpy


class Day:
    """One day under a plan; the numbers left to chance are given or drawn."""

    def __init__(self, plan, chance, day):
        self.plan, self.chance, self.day = plan, chance, day
        self.environment = simpy.Environment()
        at_once = min(plan["scanners"], plan["teams"])
        self.scanners = simpy.PriorityResource(self.environment, capacity=at_once)
        self.found = dict.fromkeys(
            ("booked", "no_shows", "served", "turned_away", "urgent_served",
             "urgent_turned_away", "overtime", "busy", "wait", "urgent_wait"), 0.0,
        )  # fmt: skip

    def run(self):
        plan, chance, found = self.plan, self.chance, self.found
        every = plan["scanners"] * plan["booked"]
        found["booked"] = math.floor(every + chance.booking[self.day])
        each = math.ceil(found["booked"] / plan["scanners"])
        for patient in range(found["booked"]):
            if chance.show[self.day, patient] < plan["no_show"]:
                found["no_shows"] += 1
                continue
            place = patient // plan["scanners"]
            if each > plan["slots"]:
                place = math.floor(place * plan["slots"] / each + 1e-9)
            time = place * plan["slot_time"]
            length = self.minutes(chance.length[self.day, patient])
            self.environment.process(self.patient(time, length, ""))
        for patient, mark in enumerate(chance.arrival[self.day] if plan["urgent"] else ()):
            if mark < plan["urgent"]:
                time = mark / plan["urgent"] * plan["open_time"]
                length = self.minutes(chance.urgent_length[self.day, patient])
                self.environment.process(self.patient(time, length, "urgent_"))
        self.environment.run()
        return found

    def minutes(self, normal):
        variance = math.log(1 + self.plan["exam_cv"] ** 2)
        return self.plan["exam_time"] * math.exp(math.sqrt(variance) * normal - variance / 2)

    def patient(self, time, length, kind):
        plan, found, environment = self.plan, self.found, self.environment
        yield environment.timeout(time)
        with self.scanners.request(priority=0 if kind else 1) as turn:
            yield turn
            if environment.now >= plan["open_time"] + plan["overtime_limit"] - 1e-9:
                found[f"{kind}turned_away"] += 1
                return
            found[f"{kind}wait"] += environment.now - time
            found[f"{kind}served"] += 1
            found["busy"] += length
            yield environment.timeout(length)
            yield environment.timeout(plan["changeover"])
            end = environment.now - plan["open_time"]
            found["overtime"] = max(found["overtime"], end)


class Fresh:
    """Numbers left to chance, drawn for the reference alone."""

    def __init__(self, seed, days, plan):
        random = np.random.default_rng(seed)
        patients = math.ceil(plan["scanners"] * plan["booked"]) + 1
        urgent = int(plan["urgent"] + 8 * math.sqrt(plan["urgent"])) + 2
        self.booking = random.random(days)
        self.show = random.random((days, patients))
        self.length = random.normal(size=(days, patients))
        self.arrival = np.cumsum(random.exponential(size=(days, urgent)), axis=1)
        self.urgent_length = random.normal(size=(days, urgent))
