//! From our shapes to plain values of JavaScript, by their serde derives.
//!
//! Each value is put where it belongs as soon as it is made, and nothing can fail: so none of our shapes brings a way to
//! carry a value or a mistake back, and that is most of what a serializer weighs.

use std::cell::Cell;
use std::fmt;

use js_sys::{Array, Object, Uint8Array};
use serde::Serialize;
use serde::ser::{
    Impossible, SerializeSeq, SerializeStruct, SerializeStructVariant, SerializeTuple, Serializer,
};
use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    /// An object of our own, that takes every field.
    #[wasm_bindgen(extends = Object)]
    type Plain;

    #[wasm_bindgen(method, structural, indexing_setter)]
    fn put(this: &Plain, name: &str, value: &JsValue);
}

/// A plain object of JavaScript: `null` for `None`, `Uint8Array` for bytes.
#[must_use]
pub fn to_js<T: Serialize + ?Sized>(value: &T) -> JsValue {
    let made = Cell::new(JsValue::UNDEFINED);
    // A shape of ours that can't be written does not pass the tests; it would be `undefined`.
    let _ = value.serialize(Place::Alone(&made));
    made.take()
}

/// A shape that JavaScript has no plain value for. There is none of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unwritable;

impl fmt::Display for Unwritable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a shape that can't be written")
    }
}

impl std::error::Error for Unwritable {}

impl serde::ser::Error for Unwritable {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self
    }
}

/// Where a value goes.
#[derive(Clone, Copy)]
enum Place<'a> {
    Alone(&'a Cell<JsValue>),
    Field(&'a Plain, &'static str),
    Item(&'a Array),
}

type Written = Result<(), Unwritable>;

impl Place<'_> {
    #[inline(never)]
    fn put(self, value: &JsValue) {
        match self {
            Self::Alone(made) => made.set(JsValue::clone(value)),
            Self::Field(object, name) => object.put(name, value),
            Self::Item(list) => {
                list.push(value);
            }
        }
    }

    #[inline(never)]
    fn number(self, value: f64) -> Written {
        self.put(&value.into());
        Ok(())
    }

    #[inline(never)]
    fn text(self, value: &str) -> Written {
        self.put(&value.into());
        Ok(())
    }

    #[inline(never)]
    fn object(self) -> Fields {
        let object = Object::new();
        self.put(&object);
        Fields(object.unchecked_into())
    }

    #[inline(never)]
    fn list(self) -> Items {
        let list = Array::new();
        self.put(&list);
        Items(list)
    }
}

/// Numbers of ours are below 2^53.
macro_rules! numbers {
    ($($method:ident: $number:ty),+) => {
        $(
            #[expect(clippy::allow_attributes, reason = "only some of these casts can lose digits")]
            #[allow(clippy::cast_precision_loss, clippy::cast_lossless)]
            fn $method(self, value: $number) -> Written {
                self.number(value as f64)
            }
        )+
    };
}

impl Serializer for Place<'_> {
    type Ok = ();
    type Error = Unwritable;
    type SerializeSeq = Items;
    type SerializeTuple = Items;
    type SerializeTupleStruct = Impossible<(), Unwritable>;
    type SerializeTupleVariant = Impossible<(), Unwritable>;
    type SerializeMap = Impossible<(), Unwritable>;
    type SerializeStruct = Fields;
    type SerializeStructVariant = Fields;

    numbers! {
        serialize_i8: i8, serialize_i16: i16, serialize_i32: i32, serialize_i64: i64, serialize_u8: u8,
        serialize_u16: u16, serialize_u32: u32, serialize_u64: u64, serialize_f32: f32, serialize_f64: f64
    }

    fn serialize_bool(self, value: bool) -> Written {
        self.put(&value.into());
        Ok(())
    }

    fn serialize_char(self, value: char) -> Written {
        self.text(value.encode_utf8(&mut [0; 4]))
    }

    fn serialize_str(self, value: &str) -> Written {
        self.text(value)
    }

    fn serialize_bytes(self, value: &[u8]) -> Written {
        self.put(&Uint8Array::from(value));
        Ok(())
    }

    fn serialize_none(self) -> Written {
        self.put(&JsValue::NULL);
        Ok(())
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Written {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Written {
        self.serialize_none()
    }

    fn serialize_unit_struct(self, _: &'static str) -> Written {
        self.serialize_none()
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, word: &'static str) -> Written {
        self.text(word)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Written {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: &T,
    ) -> Written {
        Err(Unwritable)
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Items, Unwritable> {
        Ok(self.list())
    }

    fn serialize_tuple(self, _: usize) -> Result<Items, Unwritable> {
        Ok(self.list())
    }

    fn serialize_tuple_struct(
        self,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeTupleStruct, Unwritable> {
        Err(Unwritable)
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeTupleVariant, Unwritable> {
        Err(Unwritable)
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Self::SerializeMap, Unwritable> {
        Err(Unwritable)
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Fields, Unwritable> {
        Ok(self.object())
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Fields, Unwritable> {
        Err(Unwritable)
    }
}

struct Items(Array);

impl SerializeSeq for Items {
    type Ok = ();
    type Error = Unwritable;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Written {
        value.serialize(Place::Item(&self.0))
    }

    fn end(self) -> Written {
        Ok(())
    }
}

impl SerializeTuple for Items {
    type Ok = ();
    type Error = Unwritable;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Written {
        value.serialize(Place::Item(&self.0))
    }

    fn end(self) -> Written {
        Ok(())
    }
}

struct Fields(Plain);

impl SerializeStruct for Fields {
    type Ok = ();
    type Error = Unwritable;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Written {
        value.serialize(Place::Field(&self.0, name))
    }

    fn end(self) -> Written {
        Ok(())
    }
}

impl SerializeStructVariant for Fields {
    type Ok = ();
    type Error = Unwritable;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Written {
        value.serialize(Place::Field(&self.0, name))
    }

    fn end(self) -> Written {
        Ok(())
    }
}
