//! The history page at the end of a night.

use super::TrackNight;
use crate::flows;

impl TrackNight<'_> {
    /// Writes the history page, with the alarms of tonight. A page that cannot be written changes nothing about the result.
    pub(super) fn publish(&mut self) {
        if self.run.is_none() && self.looks.is_empty() {
            return;
        }
        let (places, metrics) = (self.places, &self.request.file.metrics);
        match flows::publish_machine_history(&places.results, &self.machine, metrics, &places.plots) {
            Ok((pages, remarks)) => {
                self.pages = pages;
                // Those about the log of this tracking file are known.
                let new = remarks.into_iter().filter(|remark| !self.remarks.contains(remark));
                let new: Vec<String> = new.collect();
                self.remarks.extend(new);
            }
            Err(error) => {
                self.is_partial = true;
                self.remarks.push(format!("there is no page: {error}"));
            }
        }
    }
}
