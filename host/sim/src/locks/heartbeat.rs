//! Heartbeats of a process, computed when the service needs to know of them: a message for each third of
//! each lease would be most of what a simulation does.
//!
//! A process sends one each 30 s from 100 s on and is paused from 135 s to 300 s. At 250 s the service has
//! last heard of it at 130 s; at 300 s the one that was due in the pause arrives.

use crate::model::change::Nanos;
use contend_dst::Pause;

/// The last heartbeat of a process that the service got, as its clock has it.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Heartbeat {
    pub(super) heard: Nanos,
    /// The jumps of the service's clock since.
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

impl Heartbeat {
    pub(super) fn at(heard: Nanos) -> Self {
        Self { heard, jumped: 0 }
    }

    /// The end of a lease or a time-out that began with it.
    pub(super) fn ends(self, lasts: Nanos) -> Nanos {
        (self.heard.saturating_add(lasts)).saturating_sub(self.jumped)
    }

    pub(super) fn jump(&mut self, ahead: Nanos) {
        self.jumped = self.jumped.saturating_add(ahead);
    }

    /// Takes the heartbeats that were sent until `now`.
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
        let mut heartbeat = Heartbeat::at(100);
        let pause = pause.map(|(since, until)| Pause { since, until });
        let beat = Beat {
            every: 30,
            pause,
            unheard,
        };
        heartbeat.listen(beat, now);
        heartbeat.heard
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
    fn message_to_a_stopped_service_is_lost() {
        assert_eq!(heard(None, (125, 140), 139), 100);
        assert_eq!(heard(None, (125, 140), 160), 160);
    }

    #[test]
    fn a_clock_that_jumped_ends_what_was_heard_before_earlier() {
        let mut heartbeat = Heartbeat::at(100);
        heartbeat.jump(40);
        assert_eq!(heartbeat.ends(100), 160);
        let every = 30;
        let beat = Beat {
            every,
            pause: None,
            unheard: (0, 0),
        };
        heartbeat.listen(beat, 131);
        assert_eq!(heartbeat.ends(100), 230);
    }
}
