//! The devices that act for terminals, as the backend's store has them, in memory. The rules are core's.

use kaunter_core::policy::{Ms, Policy};
use kaunter_core::terminal::{self, ActingDevice, DeviceRole};
use kaunter_core::wire::ProblemCode;

/// For each terminal the device that acts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Devices {
    acting: Vec<(String, ActingDevice)>,
}

impl Devices {
    /// The role of a device.
    #[must_use]
    pub fn role(&self, name: &str, device: &str, now: Ms, policy: &Policy) -> DeviceRole {
        terminal::role(self.acting(name), Some(device), now, policy)
    }

    /// Lets a device change something under the terminal's name.
    ///
    /// # Errors
    /// `terminal_taken` if another device acts.
    pub fn act(
        &mut self,
        name: &str,
        device: &str,
        now: Ms,
        policy: &Policy,
    ) -> Result<(), ProblemCode> {
        let role = self.role(name, device, now, policy);
        terminal::check_device(role)?;
        if role == DeviceRole::MayAct {
            self.take_over(name, device, now);
        }
        Ok(())
    }

    /// Notes that a device made a call.
    pub fn hear(&mut self, name: &str, device: &str, now: Ms, policy: &Policy) {
        let own = self.acting(name).is_some_and(|acting| {
            acting.device == device && terminal::hears_again(acting, now, policy)
        });
        if own {
            self.take_over(name, device, now);
        }
    }

    /// A person lets this device act.
    pub fn take_over(&mut self, name: &str, device: &str, now: Ms) {
        self.acting.retain(|(known, _)| known != name);
        let acting = ActingDevice {
            device: device.to_owned(),
            heard_ms: now,
        };
        self.acting.push((name.to_owned(), acting));
    }

    fn acting(&self, name: &str) -> Option<&ActingDevice> {
        let mut known = self.acting.iter();
        known
            .find(|(known, _)| known == name)
            .map(|(_, acting)| acting)
    }
}
