//! When a process was last heard of, worked out when somebody asks: a message for each third of each
//! lease would be most of what a simulation does.

use crate::model::change::Nanos;
use contend_dst::Pause;

/// When the service last heard of a process, and what its clock made of that.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Pulse {
    heard: Nanos,
    /// By how much the service's clock has jumped since.
    jumped: Nanos,
}

/// Heartbeats that a process would send.
#[derive(Debug, Clone, Copy)]
pub(super) struct Beat {
    pub(super) every: Nanos,
    /// The last pause of the process, if it had one.
    pub(super) pause: Option<Pause>,
    /// Times between which no heartbeat arrived.
    pub(super) unheard: (Nanos, Nanos),
}

impl Pulse {
    pub(super) fn at(heard: Nanos) -> Self {
        Self { heard, jumped: 0 }
    }

    /// When a lease or a time-out that began with it ends.
    pub(super) fn ends(self, lasts: Nanos) -> Nanos {
        (self.heard.saturating_add(lasts)).saturating_sub(self.jumped)
    }

    pub(super) fn jump(&mut self, ahead: Nanos) {
        self.jumped = self.jumped.saturating_add(ahead);
    }

    /// Takes in what was said until `now`.
    pub(super) fn listen(&mut self, beat: Beat, now: Nanos) {
        let spoke_until = match beat.pause {
            Some(pause) if pause.until > now => pause.since,
            _ => now,
        };
        let beats = spoke_until.saturating_sub(self.heard) / beat.every.max(1);
        let mut last = self.heard + beats * beat.every;
        // What was due in a pause is said as soon as it is over.
        if let Some(Pause { since, until }) = beat.pause
            && (since..until).contains(&last)
            && until <= now
        {
            last = until;
        }
        let (from, to) = beat.unheard;
        if last > self.heard && !(from..to).contains(&last) {
            *self = Self::at(last);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heard(pause: Option<(Nanos, Nanos)>, unheard: (Nanos, Nanos), now: Nanos) -> Nanos {
        let mut pulse = Pulse::at(100);
        let pause = pause.map(|(since, until)| Pause { since, until });
        let beat = Beat {
            every: 30,
            pause,
            unheard,
        };
        pulse.listen(beat, now);
        pulse.heard
    }

    #[test]
    fn a_process_is_heard_at_each_beat_unless_it_stands_still() {
        for (pause, now, last) in [
            (None, 129, 100),
            (None, 130, 130),
            (None, 199, 190),
            (Some((120, 300)), 250, 100),
            (Some((135, 300)), 250, 130),
            // It is over: what was due is said at once.
            (Some((120, 145)), 150, 145),
            (Some((120, 145)), 165, 160),
            (Some((120, 125)), 128, 100),
        ] {
            assert_eq!(heard(pause, (0, 0), now), last, "{pause:?} at {now}");
        }
    }

    #[test]
    fn what_is_said_while_the_service_is_away_is_not_heard() {
        assert_eq!(heard(None, (125, 140), 139), 100);
        assert_eq!(heard(None, (125, 140), 160), 160);
    }

    #[test]
    fn a_clock_that_jumped_ends_what_was_heard_before_earlier() {
        let mut pulse = Pulse::at(100);
        pulse.jump(40);
        assert_eq!(pulse.ends(100), 160);
        let every = 30;
        let beat = Beat {
            every,
            pause: None,
            unheard: (0, 0),
        };
        pulse.listen(beat, 131);
        assert_eq!(pulse.ends(100), 230);
    }
}
