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
    /// The role of a device. `device` is `None` for a caller without an identity.
    #[must_use]
    pub fn role(&self, name: &str, device: Option<&str>, now: Ms, policy: &Policy) -> DeviceRole {
        terminal::role(self.acting(name), device, now, policy)
    }

    /// Lets a device change something under the terminal's name.
    ///
    /// # Errors
    /// `terminal_taken` if another device acts.
    pub fn act(
        &mut self,
        name: &str,
        device: Option<&str>,
        now: Ms,
        policy: &Policy,
    ) -> Result<(), ProblemCode> {
        let role = self.role(name, device, now, policy);
        terminal::check_device(role)?;
        if let Some(device) = device.filter(|_| role == DeviceRole::MayAct) {
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

    /// The acting devices, each with its terminal's name.
    pub fn acting_devices(&self) -> impl Iterator<Item = (&str, &ActingDevice)> {
        let known = self.acting.iter();
        known.map(|(name, acting)| (name.as_str(), acting))
    }
}

impl FromIterator<(String, ActingDevice)> for Devices {
    fn from_iter<T: IntoIterator<Item = (String, ActingDevice)>>(acting: T) -> Self {
        let acting = acting.into_iter().collect();
        Self { acting }
    }
}
