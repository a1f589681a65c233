//! Parses values of JavaScript into our own types, by their serde derives.
//!
//! It reads our own data only: the backend's answers, the journal's rows, the messages of tabs and workers.
//! [`super::given`] reads a caller's arguments, because its errors name the wrong argument.
//!
//! serde-wasm-bindgen reads the same types, with detailed errors that no till shows. [Decision
//! 5](../../../docs/decisions/0005-own-deserializer-for-js-values.md) has their cost. Here an error has no details.
//! Only an object's own and known fields are read; a field that is `undefined` is missing. `tests/web.rs` compares both
//! readers.

use std::fmt;

use js_sys::{Object, Reflect};
use serde::de::{
    DeserializeOwned, DeserializeSeed, Deserializer, EnumAccess, Expected, SeqAccess, Unexpected,
    VariantAccess, Visitor,
};
use wasm_bindgen::{JsCast, JsValue};

use super::given::own;

/// A value of another shape than ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unreadable;

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value that can't be read")
    }
}

impl std::error::Error for Unreadable {}

/// Drops the text of an error, so that it is never built and not in the module.
impl serde::de::Error for Unreadable {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self
    }
    fn invalid_type(_: Unexpected<'_>, _: &dyn Expected) -> Self {
        Self
    }
    fn invalid_value(_: Unexpected<'_>, _: &dyn Expected) -> Self {
        Self
    }
    fn invalid_length(_: usize, _: &dyn Expected) -> Self {
        Self
    }
    fn unknown_variant(_: &str, _: &'static [&'static str]) -> Self {
        Self
    }
    fn unknown_field(_: &str, _: &'static [&'static str]) -> Self {
        Self
    }
    fn missing_field(_: &'static str) -> Self {
        Self
    }
    fn duplicate_field(_: &'static str) -> Self {
        Self
    }
}

/// Parses a value.
///
/// # Errors
/// [`Unreadable`].
pub fn from_js<T: DeserializeOwned>(value: JsValue) -> Result<T, Unreadable> {
    T::deserialize(Value(value))
}

struct Value(JsValue);

type Read<T> = Result<T, Unreadable>;

impl Value {
    /// An integer that a float holds exactly.
    fn whole(&self) -> Read<f64> {
        let whole = |number: &f64| {
            number.fract() == 0.0 && number.abs() <= js_sys::Number::MAX_SAFE_INTEGER
        };
        self.0.as_f64().filter(whole).ok_or(Unreadable)
    }

    fn is_nothing(&self) -> bool {
        self.0.is_undefined() || self.0.is_null()
    }

    /// An object, of this window or of another: a caller's `fetch` may return another window's.
    fn object(self) -> Read<Object> {
        let is_object = self.0.is_object();
        is_object.then(|| self.0.unchecked_into()).ok_or(Unreadable)
    }

    fn text(&self) -> Read<String> {
        self.0.as_string().ok_or(Unreadable)
    }
}

impl<'de> Deserializer<'de> for Value {
    type Error = Unreadable;

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Read<V::Value> {
        visitor.visit_bool(self.0.as_bool().ok_or(Unreadable)?)
    }

    fn deserialize_i64<V: Visitor<'de>>(self, visitor: V) -> Read<V::Value> {
        visitor.visit_i64(self.whole()? as i64)
    }

    fn deserialize_u64<V: Visitor<'de>>(self, visitor: V) -> Read<V::Value> {
        let whole = self.whole()?;
        if whole < 0.0 {
            return Err(Unreadable);
        }
        visitor.visit_u64(whole as u64)
    }

    fn deserialize_i8<V: Visitor<'de>>(self, visitor: V) -> Read<V::Value> {
        self.deserialize_i64(visitor)
    }

    fn deserialize_i16<V: Visitor<'de>>(self, visitor: V) -> Read<V::Value> {
        self.deserialize_i64(visitor)
    }

    fn deserialize_i32<V: Visitor<'de>>(self, visitor: V) -> Read<V::Value> {
        self.deserialize_i64(visitor)
    }

    fn deserialize_u8<V: Visitor<'de>>(self, visitor: V) -> Read<V::Value> {
        self.deserialize_u64(visitor)
    }

    fn deserialize_u16<V: Visitor<'de>>(self, visitor: V) -> Read<V::Value> {
        self.deserialize_u64(visitor)
    }

    fn deserialize_u32<V: Visitor<'de>>(self, visitor: V) -> Read<V::Value> {
        self.deserialize_u64(visitor)
    }

    fn deserialize_f32<V: Visitor<'de>>(self, visitor: V) -> Read<V::Value> {
        self.deserialize_f64(visitor)
    }

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Read<V::Value> {
        visitor.visit_f64(self.0.as_f64().ok_or(Unreadable)?)
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Read<V::Value> {
        visitor.visit_string(self.text()?)
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Read<V::Value> {
        visitor.visit_string(self.text()?)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Read<V::Value> {
        if self.is_nothing() {
            visitor.visit_none()
        } else {
            visitor.visit_some(self)
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Read<V::Value> {
        visitor.visit_newtype_struct(self)
    }

    /// An `Array`, or bytes.
    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Read<V::Value> {
        let list = self.object()?;
        let length = Reflect::get(&list, &"length".into());
        let length = Value(length.map_err(|_| Unreadable)?).whole()?;
        visitor.visit_seq(Items {
            list,
            at: 0,
            length: length as u32,
        })
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, _: usize, visitor: V) -> Read<V::Value> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Read<V::Value> {
        let mut fields = Fields {
            object: self.object()?,
            names: fields.iter(),
        };
        let read = visitor.visit_seq(&mut fields)?;
        // A name is left over: serde lists an alias beside its field, so values went to wrong fields.
        if fields.names.len() > 0 {
            return Err(Unreadable);
        }
        Ok(read)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Read<V::Value> {
        visitor.visit_enum(VariantName(self.text()?))
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Read<V::Value> {
        visitor.visit_unit()
    }

    // Our types have no maps and no untagged values.
    serde::forward_to_deserialize_any! {
        i128 u128 char bytes byte_buf unit unit_struct tuple_struct map identifier
    }

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Read<V::Value> {
        Err(Unreadable)
    }
}

struct Items {
    list: Object,
    at: u32,
    length: u32,
}

impl<'de> SeqAccess<'de> for Items {
    type Error = Unreadable;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Read<Option<S::Value>> {
        if self.at == self.length {
            return Ok(None);
        }
        let item = Reflect::get_u32(&self.list, self.at).map_err(|_| Unreadable)?;
        self.at += 1;
        seed.deserialize(Value(item)).map(Some)
    }
}

/// The fields of a struct in the order of its declaration, each fetched by its name. A struct with a serde alias can't
/// be read this way, and is refused.
struct Fields {
    object: Object,
    names: std::slice::Iter<'static, &'static str>,
}

impl Fields {
    /// The value of the next field. A function of its own, so that it is in the module once, and not for each type.
    #[inline(never)]
    fn next(&mut self) -> Read<JsValue> {
        let name = self.names.next().ok_or(Unreadable)?;
        own(&self.object, name).map_err(|_| Unreadable)
    }
}

impl<'de> SeqAccess<'de> for Fields {
    type Error = Unreadable;

    /// `None` for a missing field: serde then takes its default, or fails. The next call is about the next field.
    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Read<Option<S::Value>> {
        let field = self.next()?;
        let missing = field.is_undefined();
        match seed.deserialize(Value(field)) {
            Err(Unreadable) if missing => Ok(None),
            read => read.map(Some),
        }
    }
}

/// A variant without data.
struct VariantName(String);

impl<'de> EnumAccess<'de> for VariantName {
    type Error = Unreadable;
    type Variant = UnitVariant;

    fn variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Read<(S::Value, UnitVariant)> {
        Ok((seed.deserialize(Name(&self.0))?, UnitVariant))
    }
}

/// The name of a variant.
struct Name<'a>(&'a str);

impl<'de> Deserializer<'de> for Name<'_> {
    type Error = Unreadable;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Read<V::Value> {
        visitor.visit_str(self.0)
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

/// A variant without data.
struct UnitVariant;

impl<'de> VariantAccess<'de> for UnitVariant {
    type Error = Unreadable;

    fn unit_variant(self) -> Read<()> {
        Ok(())
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, _: S) -> Read<S::Value> {
        Err(Unreadable)
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, _: V) -> Read<V::Value> {
        Err(Unreadable)
    }

    fn struct_variant<V: Visitor<'de>>(self, _: &'static [&'static str], _: V) -> Read<V::Value> {
        Err(Unreadable)
    }
}
